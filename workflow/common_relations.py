"""Relations of keys that both sides of the configuration have."""

from collections.abc import Iterator, Mapping
from typing import Any

Block = Mapping[str, Any]


def shares(name: str, split: Block, things: str) -> Iterator[str]:
    """Yield a line where nothing is left to train on."""
    if split["valid"] + split["test"] >= 1:
        yield (
            f"{name}.valid and {name}.test: expected below 1 together, so that {things} are left "
            f"to train on, got {split['valid']} and {split['test']}; lower them"
        )


def momenta(at: str, schedule: Block) -> Iterator[str]:
    """Yield a line where a schedule has one momentum alone."""
    given = [key for key in ("momentum_high", "momentum_low") if schedule[key] is not None]
    if len(given) == 1:
        yield (
            f"{at}.schedule: expected both momentum_high and momentum_low or neither, got "
            f"{given[0]} alone; give the other as well"
        )
