"""Progress that suits where it is shown: a bar on a terminal, plain lines in a log."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

LINE_SECONDS = 10.0  # a log gets at most one line in this many seconds


def progress(
    items: Iterable[Item], description: str, total: int | None = None, unit: str = "it"
) -> Iterator[Item]:
    """Yield ``items`` while showing how many have passed and how fast (units per second)."""
    if sys.stderr.isatty():
        yield from tqdm(items, desc=description, total=total, unit=unit, dynamic_ncols=True)
        return
    bar = tqdm(items, desc=description, total=total, unit=unit, disable=None)
    started = shown = time.monotonic()
    count = 0
    for count, item in enumerate(bar, start=1):
        yield item
        now = time.monotonic()
        if now - shown >= LINE_SECONDS:
            print(_line(description, count, total, unit, now - started), file=sys.stderr)
            shown = now
    print(_line(description, count, total, unit, time.monotonic() - started), file=sys.stderr)


def _line(description: str, count: int, total: int | None, unit: str, seconds: float) -> str:
    of_total = f"/{total}" if total is not None else ""
    rate = count / seconds if seconds > 0 else 0.0
    return f"{description}: {count}{of_total} {unit}, {rate:,.0f} {unit}/s"
