"""The file of the nouns' coverage: one option of finding a vector a line.

Which spelling of a word stands for it where case does not count: the most frequent one.

The word vector of each noun, and how many nouns each way to find one covers.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from wordbridge.errors import InputError
from wordbridge.files import format_value, write_tsv
from wordbridge.nouns.matrix import NounRow
from wordbridge.nouns.table import Noun
from wordbridge.vectors.protocol import ListedVectors, Matrix, WordVectors


def write_noun_coverage(path: str | Path, coverage: Sequence[Mapping[str, object]]) -> None:
    """Write the table of ``coverage``, whose rows have the same columns; shares with 6 digits."""
    write_tsv(path, coverage[0], (map(format_value, row.values()) for row in coverage))


@dataclass(frozen=True)
class Spellings:
    """Words that a table of vectors has.

    ``exact``: those with just this spelling. ``lower``: by the word in lower case, the
    spelling of it that is to be looked up.
    """

    exact: frozenset[str]
    lower: dict[str, str]


def known_spellings(
    words: Collection[str], vectors: WordVectors, frequent_words: int = 0
) -> Spellings:
    """Return which of ``words`` the table has, as they are and in any case.

    Where several spellings of a word differ by case only, the most frequent counts, as in the
    lesson. A table that does not list its words by frequency is asked for lower case, a capital,
    a capital at each part and all capitals, in this order. ``frequent_words`` (0: all) leaves
    out all words of the table but its first. Raises InputError if these cannot be known.
    """
    wanted, lowered = frozenset(words), frozenset(word.lower() for word in words)
    if isinstance(vectors, ListedVectors):
        exact: set[str] = set()
        lower: dict[str, str] = {}
        for word in islice(vectors.words(), frequent_words or None):
            if word in wanted:
                exact.add(word)
            if (low := word.lower()) in lowered:
                lower.setdefault(low, word)
        return Spellings(frozenset(exact), lower)
    if frequent_words:
        raise InputError(
            "frequent_words: expected vectors that are listed by frequency (kinds fasttext, text "
            "and npy), got others; set it to 0"
        )
    return _tried(wanted, lowered, vectors)


def _tried(wanted: frozenset[str], lowered: frozenset[str], vectors: WordVectors) -> Spellings:
    cases = {low: (low, low.capitalize(), low.title(), low.upper()) for low in lowered}
    asked = sorted(wanted.union(*cases.values()))
    mask = vectors.lookup(asked)[1]
    known = {word for word, is_known in zip(asked, mask, strict=True) if is_known}
    found = {low: [word for word in tried if word in known] for low, tried in cases.items()}
    return Spellings(wanted & known, {low: spelled[0] for low, spelled in found.items() if spelled})


Lemmas = Literal["first", "all"]
Multiword = Literal["skip", "mean"]

_BORDER = re.compile("[_-]+")
_GENITIVE = re.compile("('s|')$")  # tables of vectors have carpenter, not carpenter's


class Choice(NamedTuple):
    """Which lemma stands for a noun, how it was found, and the rows whose mean is its vector."""

    lemma: str
    how: str
    rows: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class NounVectors:
    """The nouns that have a vector, their raw vectors (nouns, dim), and tables of the coverage."""

    rows: list[NounRow]
    matrix: Matrix
    coverage: list[dict[str, object]]


def embed_nouns(
    nouns: Sequence[Noun],
    vectors: WordVectors,
    *,
    lemmas: Lemmas = "all",
    multiword: Multiword = "mean",
    lower_case: bool = True,
    frequent_words: int = 0,
) -> NounVectors:
    """Return the vectors of ``nouns``, in their order, and what other options would cover.

    ``lemmas`` are those of a noun that are tried in turn, ``multiword`` says whether one that
    has no vector gets the mean of its parts'. With ``lower_case`` case does not count, and the
    most frequent spelling does; ``frequent_words`` (0: all) is how many words of the table are
    used. The lesson has first, skip, true and 1,000,000. Raises InputError when no noun has a
    vector.
    """
    known, matrix = _known(nouns, vectors, frequent_words)
    options: product[tuple[Lemmas, Multiword, bool]] = product(
        ("first", "all"), ("skip", "mean"), (False, True)
    )
    coverage = []
    chosen: list[Choice | None] = []
    for option in options:
        found = [_choice(noun, known[option[2]], *option) for noun in nouns]
        is_used = option == (lemmas, multiword, lower_case)
        coverage.append({**_named(option, is_used), **_covered(nouns, found, matrix)})
        chosen = found if is_used else chosen
    pairs = [(noun, choice) for noun, choice in zip(nouns, chosen, strict=True) if choice]
    if not pairs:
        raise InputError(
            f"none of the {len(nouns)} nouns has a word vector: expected English vectors; "
            "name others for the nouns"
        )
    rows = [NounRow(noun.synset, c.lemma, c.how, noun.class_index) for noun, c in pairs]
    means = [matrix[list(choice.rows)].mean(axis=0, dtype=np.float32) for _, choice in pairs]
    return NounVectors(rows, np.array(means, np.float32), coverage)


def lemma_parts(lemma: str) -> tuple[str, ...]:
    """Return the words of a lemma, cut at underscores and hyphens, without genitive endings."""
    parts = (_GENITIVE.sub("", part) for part in _BORDER.split(lemma))
    return tuple(part for part in parts if part)


def _known(
    nouns: Sequence[Noun], vectors: WordVectors, frequent_words: int
) -> tuple[dict[bool, Mapping[str, int]], Matrix]:
    """Return the rows of words in a matrix, case counting (False) and in lower case (True)."""
    forms = {form for noun in nouns for lemma in noun.lemmas for form in _forms(lemma)}
    spellings = known_spellings(sorted(forms), vectors, frequent_words)
    asked = sorted(spellings.exact.union(spellings.lower.values()))
    matrix, found = vectors.lookup(asked)
    spelled = [word for word, is_found in zip(asked, found, strict=True) if is_found]
    # A vector of zeros has no direction: as good as none.
    rows = {word: row for row, word in enumerate(spelled) if matrix[row].any()}
    exact = {word: rows[word] for word in spellings.exact if word in rows}
    lower = {low: rows[word] for low, word in spellings.lower.items() if word in rows}
    return {False: exact, True: lower}, matrix


def _forms(lemma: str) -> Iterator[str]:
    yield lemma
    yield from lemma_parts(lemma)


def _choice(
    noun: Noun, known: Mapping[str, int], lemmas: str, multiword: str, lower_case: bool
) -> Choice | None:
    """Return the first lemma with a vector of its own or, if parts count, of all its parts."""
    for place, lemma in enumerate(noun.lemmas[:1] if lemmas == "first" else noun.lemmas):
        rank = "other" if place else "first"
        form = lemma.lower() if lower_case else lemma
        if form in known:
            return Choice(lemma, f"{rank} exact", (known[form],))
        parts = lemma_parts(form)
        if multiword == "mean" and parts and all(part in known for part in parts):
            return Choice(lemma, f"{rank} parts", tuple(known[part] for part in parts))
    return None


def _named(option: tuple[str, str, bool], is_used: bool) -> dict[str, object]:
    lemmas, multiword, lower_case = option
    case = "most frequent" if lower_case else "as written"
    return {"lemmas": lemmas, "multiword": multiword, "case": case, "used": "yes"[: 3 * is_used]}


def _covered(
    nouns: Sequence[Noun], found: Sequence[Choice | None], matrix: Matrix
) -> dict[str, object]:
    """Return how many nouns and classes have a vector, and how many vectors these are."""
    known = [(noun, choice) for noun, choice in zip(nouns, found, strict=True) if choice]
    classes = [choice for noun, choice in known if noun.class_index is not None]
    return {
        "nouns": len(known),
        "noun_share": len(known) / max(len(nouns), 1),
        "vectors": _distinct([choice for _, choice in known], matrix),
        "classes": len(classes),
        "class_share": len(classes) / max(sum(n.class_index is not None for n in nouns), 1),
        "class_vectors": _distinct(classes, matrix),
        "own": sum(choice.how.endswith("exact") for _, choice in known),
        "parts": sum(choice.how.endswith("parts") for _, choice in known),
        "other": sum(choice.how.startswith("other") for _, choice in known),
    }


def _distinct(choices: Sequence[Choice], matrix: Matrix) -> int:
    """Return the number of different vectors: in pruned tables several words share one."""
    numbers: dict[bytes, int] = {}
    used = sorted({row for choice in choices for row in choice.rows})
    shared = {row: numbers.setdefault(matrix[row].tobytes(), row) for row in used}
    return len({tuple(sorted(shared[row] for row in choice.rows)) for choice in choices})
