"""The word vector of each noun, and the number of nouns that each kind of lookup covers."""

import re
import sys
from collections.abc import Collection, Mapping, Sequence
from itertools import compress, islice, product
from pathlib import Path
from typing import Any

import numpy as np

from wordbridge.errors import InputError
from wordbridge.files import format_value, write_tsv
from wordbridge.nouns.matrix import NounRow
from wordbridge.nouns.table import Noun
from wordbridge.vectors.protocol import ListedVectors, Matrix, WordVectors

_BOUNDARY = re.compile("[_-]+")
_GENITIVE = re.compile("('s|')$")  # tables of vectors have carpenter, not carpenter's


# The lemma that represents a noun, and the rows of the vectors whose mean is that of the noun.
Choice = tuple[NounRow, list[int]]


def embed_nouns(
    nouns: Sequence[Noun], vectors: WordVectors, settings: Mapping[str, Any]
) -> tuple[list[NounRow], Matrix, list[dict[str, object]]]:
    """Return the nouns that have a vector, their vectors (nouns, dim), and a table of coverage.

    ``settings``: ``lemmas`` ("first" or "all") of a noun are tried in turn; one without a vector
    is skipped or gets the mean of the vectors of its parts (``multiword``: "skip" or "mean").
    ``lower_case`` ignores case and uses the most frequent spelling. ``frequent_words`` (0: all)
    limits the words of the table. The lesson has first, skip, true and 1,000,000. The coverage has
    a row for each combination of the first three settings. Raises InputError if no noun has a
    vector, and prints a warning if fewer than a tenth have one.
    """
    exact_rows, lower_rows, matrix = _rows_of_words(nouns, vectors, settings["frequent_words"])
    coverage: list[dict[str, object]] = []
    choices: list[Choice] = []
    used = settings["lemmas"], settings["multiword"], settings["lower_case"]
    for lemmas, multiword, lower_case in product(("first", "all"), ("skip", "mean"), (False, True)):
        rows_of = lower_rows if lower_case else exact_rows
        results = (_choose(noun, rows_of, lemmas, multiword, lower_case) for noun in nouns)
        candidates = [choice for choice in results if choice]
        is_used = (lemmas, multiword, lower_case) == used
        if is_used:
            choices = candidates
        heading = {
            "lemmas": lemmas,
            "multiword": multiword,
            "case": "most frequent" if lower_case else "as written",
            "used": "yes" if is_used else "",
        }
        coverage.append(heading | _coverage(nouns, candidates, matrix))
    problem = (
        f"{len(choices) or 'none'} of the {len(nouns)} nouns have a word vector: expected English "
        "vectors; set others in nouns.vectors"
    )
    if not choices:
        raise InputError(problem)
    if len(choices) < len(nouns) / 10:
        print(f"warning: {problem}", file=sys.stderr)
    means = [matrix[rows].mean(axis=0, dtype=np.float32) for _, rows in choices]
    return [row for row, _ in choices], np.array(means, np.float32), coverage


def write_noun_coverage(path: str | Path, coverage: Sequence[Mapping[str, object]]) -> None:
    """Write the table of ``coverage``."""
    write_tsv(path, coverage[0], (map(format_value, row.values()) for row in coverage))


def lemma_parts(lemma: str) -> tuple[str, ...]:
    """Return the words of a lemma, split at underscores and hyphens, without genitive endings."""
    parts = (_GENITIVE.sub("", part) for part in _BOUNDARY.split(lemma))
    return tuple(part for part in parts if part)


def find_spellings(
    words: Collection[str], vectors: WordVectors, frequent_words: int = 0
) -> tuple[set[str], dict[str, str]]:
    """Return the ``words`` that the table has as written, and its spellings by lower-case word.

    Of spellings that differ only by case the most frequent one counts, as in the lesson. In a
    table that does not list its words by frequency, the first one in this order counts: lower
    case, a capital, a capital at each part, all capitals. ``frequent_words`` (0: all) limits the
    words of a table that lists them.
    """
    exact, lowered = set(words), {word.lower() for word in words}
    if isinstance(vectors, ListedVectors):
        present: set[str] = set()
        spellings: dict[str, str] = {}
        for word in islice(vectors.words(), frequent_words or None):
            if word in exact:
                present.add(word)
            if word.lower() in lowered:
                spellings.setdefault(word.lower(), word)
        return present, spellings
    cases = {low: (low, low.capitalize(), low.title(), low.upper()) for low in lowered}
    candidates = sorted(exact.union(*cases.values()))
    _, mask = vectors.lookup(candidates)
    in_table = set(compress(candidates, mask))
    found_cases = {
        low: [form for form in forms if form in in_table] for low, forms in cases.items()
    }
    return exact & in_table, {low: forms[0] for low, forms in found_cases.items() if forms}


def _rows_of_words(
    nouns: Sequence[Noun], vectors: WordVectors, frequent_words: int
) -> tuple[dict[str, int], dict[str, int], Matrix]:
    """Return the rows by word as spelled and by lower-case word, and the matrix (rows, dim).

    A word is a lemma of the nouns or a part of one.
    """
    lemmas = {lemma for noun in nouns for lemma in noun.lemmas}
    forms = lemmas.union(*map(lemma_parts, lemmas))
    exact, spellings = find_spellings(sorted(forms), vectors, frequent_words)
    words = sorted(exact.union(spellings.values()))
    matrix, mask = vectors.lookup(words)
    # A vector of zeros has no direction: the word counts as missing.
    rows = {word: row for row, word in enumerate(compress(words, mask)) if matrix[row].any()}
    exact_rows = {word: rows[word] for word in exact if word in rows}
    lower_rows = {low: rows[word] for low, word in spellings.items() if word in rows}
    return exact_rows, lower_rows, matrix


def _choose(
    noun: Noun, row_of: Mapping[str, int], lemmas: str, multiword: str, lower_case: bool
) -> Choice | None:
    """Return the first lemma with a vector or, if ``multiword`` is "mean", with all its parts."""
    for number, lemma in enumerate(noun.lemmas[:1] if lemmas == "first" else noun.lemmas):
        rank = "other" if number else "first"
        form = lemma.lower() if lower_case else lemma
        if form in row_of:
            how, rows = f"{rank} exact", [row_of[form]]
        elif multiword == "mean" and (parts := lemma_parts(form)) and row_of.keys() >= set(parts):
            how, rows = f"{rank} parts", [row_of[part] for part in parts]
        else:
            continue
        return NounRow(noun.synset, lemma, how, noun.class_index), rows
    return None


def _coverage(
    nouns: Sequence[Noun], choices: Sequence[Choice], matrix: Matrix
) -> dict[str, object]:
    """Return the number of nouns and classes with a vector, and of their distinct vectors."""
    classes = [(row, rows) for row, rows in choices if row.class_index is not None]
    return {
        "nouns": len(choices),
        "noun_share": len(choices) / max(len(nouns), 1),
        "vectors": _count_distinct(choices, matrix),
        "classes": len(classes),
        "class_share": len(classes) / max(sum(n.class_index is not None for n in nouns), 1),
        "class_vectors": _count_distinct(classes, matrix),
        "own": sum(row.how.endswith("exact") for row, _ in choices),
        "parts": sum(row.how.endswith("parts") for row, _ in choices),
        "other": sum(row.how.startswith("other") for row, _ in choices),
    }


def _count_distinct(choices: Sequence[Choice], matrix: Matrix) -> int:
    """Return the number of different vectors: in pruned tables several words share one."""
    # Equal vectors in another order have the same mean.
    return len({tuple(sorted(matrix[row].tobytes() for row in rows)) for _, rows in choices})
