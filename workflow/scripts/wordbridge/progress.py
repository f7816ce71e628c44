"""Progress: a bar on a terminal, plain lines in a log."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

LINE_SECONDS = 10.0  # a log gets at most one line in this time
MEGABYTE = 1e6


class Terminal:
    """The place of the bars: standard error, or the terminal of a job whose output is a log.

    Jobs that run side by side share the last line of the terminal; ``job`` distinguishes them.
    """

    def __init__(self) -> None:
        self.stream: TextIO | None = None
        self.job = ""

    def attach(self, descriptor: int, job: str) -> None:
        """Draw bars on ``descriptor`` from now on if it is a terminal."""
        if os.isatty(descriptor):
            self.stream = os.fdopen(os.dup(descriptor), "w", encoding="utf-8", errors="replace")
            self.job = job

    def bar(self, items: Iterable[Item], description: str, **options: Any) -> "tqdm[Item]":
        """Return tqdm's bar over ``items``; without a terminal it draws nothing."""
        direct = sys.stderr.isatty()
        words = [description] if direct else [self.job, description]
        return tqdm(
            items,
            desc=" ".join(filter(None, words)),
            file=sys.stderr if direct else self.stream,
            disable=not direct and self.stream is None,
            leave=direct,
            mininterval=0.1 if direct else 1.0,
            dynamic_ncols=True,
            **options,
        )


TERMINAL = Terminal()


def is_log() -> bool:
    """Return whether standard error is a file or a pipe, which gets plain lines."""
    return not sys.stderr.isatty()


def progress(
    items: Iterable[Item], description: str, total: int | None = None, unit: str = "it"
) -> Iterator[Item]:
    """Yield ``items`` and show their number and rate (units per second)."""
    start = last = time.monotonic()
    count = 0

    def line() -> str:
        of_total = f"/{total}" if total is not None else ""
        rate = count / max(time.monotonic() - start, 1e-9)
        return f"{description}: {count}{of_total} {unit}, {rate:,.0f} {unit}/s"

    for item in TERMINAL.bar(items, description, total=total, unit=unit):
        yield item
        count += 1
        if is_log() and time.monotonic() - last >= LINE_SECONDS:
            print(line(), file=sys.stderr)
            last = time.monotonic()
    if is_log():
        print(line(), file=sys.stderr)


Advance = Callable[[int], None]


@contextmanager
def byte_bar(description: str, total: int | None = None, done: int = 0) -> Iterator[Advance]:
    """Yield a function that adds bytes to a progress bar; the bar shows megabytes and rate."""
    start = last = time.monotonic()
    count = done

    def line() -> str:
        of_total = f" of {total / MEGABYTE:,.1f}" if total is not None else ""
        seconds = max(time.monotonic() - start, 1e-3)
        rate = (count - done) / MEGABYTE / seconds
        return (
            f"{description}: {count / MEGABYTE:,.1f}{of_total} MB "
            f"in {seconds:,.1f} s, {rate:,.1f} MB/s"
        )

    nothing: tuple[bytes, ...] = ()  # the bar iterates over no items; ``advance`` updates it
    bar = TERMINAL.bar(nothing, description, total=total, initial=done, unit="B", unit_scale=True)

    def advance(size: int) -> None:
        nonlocal count, last
        count += size
        bar.update(size)
        if is_log() and time.monotonic() - last >= LINE_SECONDS:
            print(line(), file=sys.stderr)
            last = time.monotonic()

    try:
        yield advance
    finally:
        bar.close()
        if is_log():
            print(line(), file=sys.stderr)
