"""Progress that suits where it is shown: a bar on a terminal, plain lines in a log.

Progress in bytes: a bar on a terminal, plain lines in a log.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, TextIO, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

LINE_SECONDS = 10.0  # a log gets at most one line in this many seconds


class Screen:
    """Where bars are drawn: standard error, or the terminal from which a job sent it to its log.

    Jobs side by side share the last line of the terminal; ``job`` tells their bars apart.
    """

    def __init__(self) -> None:
        self.terminal: TextIO | None = None
        self.job = ""

    def keep(self, descriptor: int, job: str) -> None:
        """Draw bars on ``descriptor`` from now on if it is a terminal."""
        if os.isatty(descriptor):
            self.terminal = os.fdopen(os.dup(descriptor), "w", encoding="utf-8", errors="replace")
            self.job = job

    def bar(self, items: Iterable[Item], description: str, **options: Any) -> "tqdm[Item]":
        """Return tqdm's bar over ``items``, one that shows nothing where there is no terminal."""
        own = sys.stderr.isatty()
        words = [description] if own else [self.job, description]
        return tqdm(
            items,
            desc=" ".join(filter(None, words)),
            file=sys.stderr if own else self.terminal,
            disable=not own and self.terminal is None,
            leave=own,
            mininterval=0.1 if own else 1.0,
            dynamic_ncols=True,
            **options,
        )


SCREEN = Screen()


def logs() -> bool:
    """Return whether standard error takes plain lines, as a log does."""
    return not sys.stderr.isatty()


def progress(
    items: Iterable[Item], description: str, total: int | None = None, unit: str = "it"
) -> Iterator[Item]:
    """Yield ``items`` while showing how many have passed and how fast (units per second)."""
    started = shown = time.monotonic()
    count = 0
    for count, item in enumerate(SCREEN.bar(items, description, total=total, unit=unit), start=1):
        yield item
        now = time.monotonic()
        if logs() and now - shown >= LINE_SECONDS:
            print(_line(description, count, total, unit, now - started), file=sys.stderr)
            shown = now
    if logs():
        print(_line(description, count, total, unit, time.monotonic() - started), file=sys.stderr)


def _line(description: str, count: int, total: int | None, unit: str, seconds: float) -> str:
    of_total = f"/{total}" if total is not None else ""
    rate = count / seconds if seconds > 0 else 0.0
    return f"{description}: {count}{of_total} {unit}, {rate:,.0f} {unit}/s"


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
