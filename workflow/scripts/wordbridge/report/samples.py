"""Sample translations as the lesson printed them: source, reference, each variant's version."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wordbridge.corpus.specials import EOS, SPECIALS
from wordbridge.errors import InputError
from wordbridge.report.cells import Column
from wordbridge.translation.translations import Translation, read_attention, read_translations

CAPTION = "Sample translations from the {part} part, from the shortest to the longest."

COLUMNS = {"sample": Column("Sample"), "line": Column("Line"), "text": Column("Text")}


def spread_over_lengths(texts: Sequence[str], count: int) -> list[int]:
    """Return the positions of ``count`` texts (or of all), from short to long in even steps.

    Texts are sorted by their number of words, equals in their own order; the middle of each of
    ``count`` equal slices of that order is taken, so neither the shortest nor the longest.
    """
    order = sorted(range(len(texts)), key=lambda position: len(texts[position].split()))
    taken = min(count, len(order))
    return [order[(2 * slice_ + 1) * len(order) // (2 * taken)] for slice_ in range(taken)]


def tabulate_samples(
    sources: Sequence[str],
    references: Sequence[str],
    hypotheses: Mapping[str, Sequence[str]],
    count: int = 10,
) -> pd.DataFrame:
    """Return ``count`` samples, each with the lines source, reference and one per variant.

    Columns: sample (from 1), line, text. ``hypotheses`` maps variants to translations of
    ``sources``, in one order. Raises InputError when a variant has not one for each.
    """
    for variant, texts in hypotheses.items():
        if len(texts) != len(sources):
            raise InputError(
                f"variant {variant!r}: expected {len(sources)} translations, got {len(texts)}; "
                "translate the part again"
            )
    rows = []
    for number, position in enumerate(spread_over_lengths(sources, count), start=1):
        lines = [("source", sources), ("reference", references), *hypotheses.items()]
        rows += [(str(number), line, texts[position]) for line, texts in lines]
    return pd.DataFrame(rows, columns=["sample", "line", "text"])


def samples_of(translations: Mapping[str, Sequence[Translation]], count: int) -> pd.DataFrame:
    """Return the table of samples of each variant's translations of the same texts."""
    first = next(iter(translations.values()))
    hypotheses = {name: [one.hypothesis for one in made] for name, made in translations.items()}
    sources, references = [one.source for one in first], [one.reference for one in first]
    return tabulate_samples(sources, references, hypotheses, count)


def attention_sample(
    translations: str | Path, attention: str | Path, number: int, count: int
) -> tuple[NDArray[np.float32], list[str], list[str]]:
    """Return the attention, source tokens and output tokens of sample ``number`` of ``count``.

    Numbers count from 1. Both lists of tokens end with the end of sequence where the weights
    have it.
    """
    made = read_translations(translations)
    texts = [one.source for one in made]
    chosen = spread_over_lengths(texts, count)
    position = chosen[min(number, len(chosen)) - 1]
    weights = read_attention(attention, position)
    sides = (made[position].tokens, made[position].source_tokens)
    words, source = (
        [*tokens, SPECIALS[EOS]][:size] for tokens, size in zip(sides, weights.shape, strict=True)
    )
    return weights, source, words
