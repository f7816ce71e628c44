"""Progress: a bar on a terminal, plain lines in a log."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from io import TextIOWrapper
from typing import Any, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

LINE_SECONDS = 10.0  # a log gets at most one line in this time


class Terminal:
    """The place of the bars: standard error, or the terminal of a job whose output is a log.

    Jobs that run side by side share the last line of the terminal; ``job`` distinguishes them.
    """

    def __init__(self) -> None:
        self.stream: TextIOWrapper | None = None
        self.job = ""

    def attach(self, descriptor: int, job: str) -> None:
        """Show lines on ``descriptor`` from now on, and bars if it is a terminal."""
        # Unbuffered, since nobody may be left to read the rest when the job ends.
        raw = os.fdopen(os.dup(descriptor), "wb", buffering=0)
        self.stream = TextIOWrapper(raw, "utf-8", errors="replace", write_through=True)
        self.job = job

    def show(self, line: str) -> None:
        """Show a line in addition to the log of a job, if there is one."""
        if self.stream is not None:
            with suppress(OSError):  # the reader of a pipe may have left
                tqdm.write(f"{self.job}: {line}", file=self.stream)

    def bar(self, items: Iterable[Item], description: str, **options: Any) -> "tqdm[Item]":
        """Return tqdm's bar over ``items``; without a terminal it draws nothing."""
        direct = sys.stderr.isatty()
        words = [description] if direct else [self.job, description]
        return tqdm(
            items,
            desc=" ".join(filter(None, words)),
            file=sys.stderr if direct else self.stream,
            disable=not direct and not (self.stream and self.stream.isatty()),
            leave=direct,
            mininterval=0.1 if direct else 1.0,
            dynamic_ncols=True,
            **options,
        )


TERMINAL = Terminal()


def is_log() -> bool:
    """Return whether standard error is a file or a pipe, which gets plain lines."""
    return not sys.stderr.isatty()


Advance = Callable[[int], None]
_hidden = ContextVar("hidden", default=False)


@contextmanager
def no_progress() -> Iterator[None]:
    """Show no progress, as of a single text or image, in this thread or asynchronous task."""
    token = _hidden.set(True)
    try:
        yield
    finally:
        _hidden.reset(token)


def progress(
    items: Iterable[Item], description: str, total: int | None = None, unit: str = "it"
) -> Iterator[Item]:
    """Yield ``items`` and show their number and rate (units per second)."""
    with _bar(description, total, 0, unit) as advance:
        for item in items:
            yield item
            advance(1)


def byte_bar(
    description: str, total: int | None = None, done: int = 0
) -> AbstractContextManager[Advance]:
    """Yield a function that adds bytes to a progress bar; the bar shows megabytes and rate."""
    return _bar(description, total, done, "B")


@contextmanager
def _bar(description: str, total: int | None, done: int, unit: str) -> Iterator[Advance]:
    if _hidden.get():
        yield lambda size: None
        return
    start = last = time.monotonic()
    count = done
    scale, digits, scaled = (1e6, 1, "MB") if unit == "B" else (1, 0, unit)

    def print_line() -> None:
        seconds = max(time.monotonic() - start, 1e-3)
        values = [count, *([] if total is None else [total])]
        amount = " of ".join(f"{value / scale:,.{digits}f}" for value in values)
        rate = f"{(count - done) / scale / seconds:,.{digits}f} {scaled}/s"
        print(f"{description}: {amount} {scaled} in {seconds:,.1f} s, {rate}", file=sys.stderr)

    nothing: tuple[bytes, ...] = ()  # the bar iterates over no items; ``advance`` updates it
    options = {"total": total, "initial": done, "unit": unit, "unit_scale": unit == "B"}
    bar = TERMINAL.bar(nothing, description, **options)

    def advance(size: int) -> None:
        nonlocal count, last
        count += size
        bar.update(size)
        if is_log() and time.monotonic() - last >= LINE_SECONDS:
            print_line()
            last = time.monotonic()

    try:
        yield advance
    finally:
        bar.close()
        if is_log():
            print_line()
