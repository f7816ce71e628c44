"""Sentence scores of made-up translations."""

from collections.abc import Iterable, Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from wordbridge.translation.sentence_scores import SentenceScore, text_statistics


def spoiled(text: str, wrong: float, chance: Random) -> str:
    """Return a text with a share of its words replaced."""
    return " ".join("oh" if chance.random() < wrong else word for word in text.split())


def sentence_scores(
    hypotheses: Sequence[str],
    references: Sequence[str],
    sources: Sequence[str] | None = None,
    lengths: Iterable[int] = (5,) * 100,
    group_size: int = 1,
) -> list[SentenceScore]:
    """Return the scores of hypotheses, 2.5 nats per token; consecutive sentences form groups."""
    statistics = text_statistics(hypotheses, references, lowercase=True)
    statistics["nll"] = np.array([[5.0, 2.0]] * len(hypotheses))
    return [
        SentenceScore(
            source, str(n // group_size), length, {name: statistics[name][n] for name in statistics}
        )
        for n, (source, length) in enumerate(zip(sources or references, lengths, strict=False))
    ]


def bleu_statistics(precision: float) -> NDArray[np.float64]:
    """Return the statistics of a sentence of 10,000 tokens with this BLEU (0 to 1)."""
    return np.array([10_000, 10_000, *[10_000 * precision] * 4, *[10_000] * 4], np.float64)
