"""A wish to stop, noted when a signal comes and acted upon when it suits."""

import signal
from types import FrameType, TracebackType


class StopSignal:
    """While entered, notes SIGTERM, SIGINT and SIGHUP instead of ending the process.

    ``name`` is the signal that came last, or None. A SIGHUP that is ignored, as nohup has it,
    stays so.
    """

    def __init__(self) -> None:
        self.name: str | None = None

    def __enter__(self) -> "StopSignal":
        numbers = [signal.SIGTERM, signal.SIGINT]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            numbers.append(signal.SIGHUP)
        self._before = {number: signal.signal(number, self._note) for number in numbers}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.name = signal.Signals(number).name
