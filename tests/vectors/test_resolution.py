"""Which vector each word gets."""

from collections.abc import Sequence

import numpy as np
import pytest

from wordbridge.errors import InputError
from wordbridge.vectors.protocol import Mask, Matrix
from wordbridge.vectors.resolution import resolve

TABLE = {"le": [1.0, 2.0], "Élie": [3.0, 4.0], "l": [5.0, 6.0], "est": [0.0, 2.0], "il": [4.0, 0.0]}


class Table:
    """Vectors out of a dictionary; every lookup is noted."""

    dim = 2
    size = len(TABLE)

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        self.asked.append(list(words))
        rows = [TABLE[word] for word in words if word in TABLE]
        found = np.array([word in TABLE for word in words], np.bool_)
        return np.array(rows, np.float32).reshape(-1, 2), found


class ComposingTable(Table):
    """A table that composes all words that begin with a small letter."""

    def compose(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        found = np.array([word[:1].islower() for word in words], np.bool_)
        return np.full((int(found.sum()), 2), -1, np.float32), found


def test_an_exact_vector_comes_before_any_other() -> None:
    found = resolve(["le", "Élie"], Table(), ["case", "elision"])

    assert found.steps == ("exact", "exact")
    assert found.spellings == ("le", "Élie")
    assert found.matrix.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("word", "fallbacks", "step", "spelling", "vector"),
    [
        ("élie", ["case"], "case", "Élie", [3, 4]),
        ("élie", ["accents"], "missing", "", [0, 0]),
        ("l'", ["elision"], "elision", "le", [1, 2]),
        ("l'", ["case", "hyphen", "elision"], "elision", "le", [1, 2]),
        ("est-il", ["hyphen"], "hyphen", "est il", [2, 1]),
        ("est-elle", ["hyphen"], "missing", "", [0, 0]),
        ("héna", [], "missing", "", [0, 0]),
        ("héna", ["subwords"], "missing", "", [0, 0]),
    ],
)
def test_the_first_fallback_with_a_vector_counts(
    word: str, fallbacks: list[str], step: str, spelling: str, vector: list[float]
) -> None:
    found = resolve(["le", word], Table(), fallbacks)

    assert (found.steps[1], found.spellings[1]) == (step, spelling)
    assert found.matrix[1].tolist() == vector


@pytest.mark.parametrize(
    ("fallbacks", "steps"),
    [
        (["case", "subwords"], ("case", "subwords", "missing")),
        (["subwords", "case"], ("subwords", "subwords", "missing")),
        (["subwords"], ("subwords", "subwords", "missing")),
        (["case"], ("case", "missing", "missing")),
    ],
)
def test_subwords_take_their_turn(fallbacks: list[str], steps: tuple[str, ...]) -> None:
    found = resolve(["élie", "héna", "?"], ComposingTable(), fallbacks)

    assert found.steps == steps
    assert found.matrix[1].tolist() == ([-1, -1] if "subwords" in fallbacks else [0, 0])


def test_the_table_is_asked_twice_however_many_fallbacks_there_are() -> None:
    table = Table()
    resolve(["héna", "ivva", "l'"], table, ["case", "apostrophe", "elision", "hyphen", "accents"])

    assert len(table.asked) == 2
    assert len(set(table.asked[1])) == len(table.asked[1])


def test_no_words_have_no_vectors() -> None:
    assert resolve([], Table(), ["case"]).matrix.shape == (0, 2)


def test_an_unknown_fallback_is_refused() -> None:
    with pytest.raises(InputError, match="unknown fall-back 'stem'"):
        resolve(["le"], Table(), ["stem"])
