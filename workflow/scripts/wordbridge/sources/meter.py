"""Progress in bytes: a bar on a terminal, plain lines in a log."""

import sys
import time
from types import TracebackType

from wordbridge.progress import LINE_SECONDS, SCREEN, logs

MEGABYTE = 1e6


class Meter:
    """Shows how many bytes have come so far and how fast."""

    def __init__(self, description: str, total: int | None = None, done: int = 0) -> None:
        self._description = description
        self._total = total
        self._start = self._done = done
        self._started = self._shown = time.monotonic()
        nothing: tuple[bytes, ...] = ()  # to iterate over: the bar is told of each advance
        self._bar = SCREEN.bar(
            nothing, description, total=total, initial=done, unit="B", unit_scale=True
        )

    def __enter__(self) -> "Meter":
        """Return the meter itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Show the last state."""
        self._bar.close()
        if logs():
            print(self._line(), file=sys.stderr)

    def advance(self, count: int) -> None:
        """Note that ``count`` more bytes have come."""
        self._done += count
        now = time.monotonic()
        self._bar.update(count)
        if logs() and now - self._shown >= LINE_SECONDS:
            print(self._line(), file=sys.stderr)
            self._shown = now

    def _line(self) -> str:
        of_total = f" of {self._total / MEGABYTE:,.1f}" if self._total is not None else ""
        seconds = max(time.monotonic() - self._started, 1e-3)
        rate = (self._done - self._start) / MEGABYTE / seconds
        return (
            f"{self._description}: {self._done / MEGABYTE:,.1f}{of_total} MB "
            f"in {seconds:,.1f} s, {rate:,.1f} MB/s"
        )
