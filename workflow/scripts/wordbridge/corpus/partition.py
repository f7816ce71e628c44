"""Tokenized pairs with the part that each belongs to."""

from collections.abc import Mapping, Sequence
from typing import Any

from wordbridge.corpus.splits import TEST, TRAIN, VALID, grouped_split, lesson_split
from wordbridge.corpus.tokenized import TokenizedPair


def split_pairs(pairs: Sequence[TokenizedPair], settings: Mapping[str, Any]) -> list[TokenizedPair]:
    """Return ``pairs`` with the part of each; ``settings`` has method, seed, valid and test."""
    if settings["method"] == "lesson":
        parts = lesson_split(len(pairs), settings["seed"], settings["valid"])
    else:
        parts = grouped_split(
            [pair.group for pair in pairs],
            [pair.fr for pair in pairs],
            [pair.en for pair in pairs],
            {
                TRAIN: 1 - settings["valid"] - settings["test"],
                VALID: settings["valid"],
                TEST: settings["test"],
            },
            settings["seed"],
        )
    return [pair._replace(part=part) for pair, part in zip(pairs, parts, strict=True)]
