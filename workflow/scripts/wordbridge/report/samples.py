"""Sample translations as the lesson printed them: source, reference, each variant's version."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wordbridge.corpus.specials import EOS, SPECIALS
from wordbridge.errors import InputError, brief
from wordbridge.report.cells import Column
from wordbridge.translation.translations import Translation, read_attention, read_translations

CAPTION = "Sample translations from the {part} part, from the shortest to the longest."

COLUMNS = {"sample": Column("Sample"), "line": Column("Line"), "text": Column("Text")}


def spread_over_lengths(texts: Sequence[str], count: int) -> list[int]:
    """Return the positions of ``count`` texts, from short to long in even steps.

    Texts are sorted by their number of words, equals in their own order; the middle of each of
    ``count`` equal slices of that order is taken, so neither the shortest nor the longest. Where
    there are fewer texts, all are taken, and some in several slices.
    """
    order = sorted(range(len(texts)), key=lambda position: len(texts[position].split()))
    slices = range(count if order else 0)
    return [order[(2 * slice_ + 1) * len(order) // (2 * count)] for slice_ in slices]


def tabulate_samples(
    sources: Sequence[str],
    references: Sequence[str],
    hypotheses: Mapping[str, Sequence[str]],
    count: int = 10,
) -> pd.DataFrame:
    """Return ``count`` samples, each with the lines source, reference and one per variant.

    Columns: sample (from 1; all its numbers where there are fewer texts), line, text.
    ``hypotheses`` maps variants to translations of ``sources``, in one order.
    """
    numbers: dict[int, list[str]] = {}
    for number, position in enumerate(spread_over_lengths(sources, count), start=1):
        numbers.setdefault(position, []).append(str(number))
    lines = [("source", sources), ("reference", references), *hypotheses.items()]
    rows = [
        (", ".join(own), line, texts[position])
        for position, own in numbers.items()
        for line, texts in lines
    ]
    return pd.DataFrame(rows, columns=["sample", "line", "text"])


def samples_of(translations: Mapping[str, Sequence[Translation]], count: int) -> pd.DataFrame:
    """Return the table of samples of each variant's translations of the same texts.

    Raises InputError when a variant has translations of other texts than the first one.
    """
    first = next(iter(translations.values()))
    hypotheses = {name: [one.hypothesis for one in made] for name, made in translations.items()}
    sources, references = [one.source for one in first], [one.reference for one in first]
    for name, made in translations.items():
        _check_sources(name, [one.source for one in made], sources)
    return tabulate_samples(sources, references, hypotheses, count)


def _check_sources(variant: str, sources: Sequence[str], expected: Sequence[str]) -> None:
    for number, (own, wanted) in enumerate(zip_longest(sources, expected), start=1):
        if own != wanted:
            meant, got = (
                "nothing" if text is None else repr(brief(text)) for text in (wanted, own)
            )
            raise InputError(
                f"variant {variant!r}, translation {number}: expected {meant} as its source text, "
                f"like the first variant, got {got}; translate the part again with every variant"
            )


def attention_sample(
    translations: str | Path, attention: str | Path, number: int, count: int
) -> tuple[NDArray[np.float32], list[str], list[str]]:
    """Return the attention, source tokens and output tokens of sample ``number`` of ``count``.

    The number is that of the table. Both lists of tokens end with the end of sequence where the
    weights have it.
    """
    made = read_translations(translations)
    position = spread_over_lengths([one.source for one in made], count)[number - 1]
    weights = read_attention(attention, position)
    sides = (made[position].tokens, made[position].source_tokens)
    words, source = (
        [*tokens, SPECIALS[EOS]][:size] for tokens, size in zip(sides, weights.shape, strict=True)
    )
    return weights, source, words
