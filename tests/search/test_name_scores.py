"""Names in several languages, by the pictures that they find."""

from pathlib import Path

import numpy as np
import pytest

from wordbridge.devise.picture_table import read_pictures
from wordbridge.errors import InputError
from wordbridge.search.bilingual import NamePair, mean_vectors, name_pairs
from wordbridge.search.exact import Vectors
from wordbridge.search.folder import read_index
from wordbridge.search.name_scores import Queries, score_names
from wordbridge.search.words import read_words


def queries(vectors: Vectors) -> Queries:
    return Queries(vectors, np.any(vectors, axis=1))


@pytest.fixture
def pairs(finished: Path) -> list[NamePair]:
    """Return boat, cat, dog and sail in both languages."""
    return name_pairs(read_pictures(finished / "pictures/split.tsv"))


@pytest.fixture
def english(finished: Path, pairs: list[NamePair]) -> Vectors:
    return mean_vectors([pair.en for pair in pairs], read_words(finished / "search/words/en"))


def test_both_languages_are_asked_for_the_same_pictures(
    finished: Path, pairs: list[NamePair], english: Vectors
):
    index = read_index(finished / "search/pictures")
    wrong = english[::-1].copy()

    right, other = score_names(
        pairs, {"English": queries(english), "French": queries(wrong)}, {}, index, (1, 5)
    )

    assert right == {
        "language": "English",
        "names": 4,
        "pictures": 5,
        "queries": 4,
        "known": 4,
        "hit@1": 1.0,
        "hit@5": 1.0,
        "mrr": 1.0,
    }
    assert other["hit@1"] < 1
    assert other["hit@5"] == 1


def test_a_name_without_a_vector_is_left_out_where_one_is_needed_and_missed_elsewhere(
    finished: Path, pairs: list[NamePair], english: Vectors
):
    index = read_index(finished / "search/pictures")
    lacking, known = english.copy(), np.array([True, False, False, False])
    lacking[1] = 0

    needed = score_names(pairs, {"a": queries(english), "b": queries(lacking)}, {}, index, [1])
    _, beside = score_names(
        pairs, {"a": queries(english)}, {"b": Queries(lacking, known)}, index, [1]
    )

    assert [(row["names"], row["queries"], row["hit@1"]) for row in needed] == [(3, 3, 1.0)] * 2
    assert (beside["names"], beside["queries"], beside["known"]) == (4, 3, 1)
    assert (beside["hit@1"], beside["mrr"]) == (0.75, 0.75)


def test_without_pairs_there_is_nothing_to_measure(finished: Path):
    nothing = {"English": queries(np.zeros((0, 5), np.float32))}
    with pytest.raises(InputError, match="expected pictures with names in both languages"):
        score_names([], nothing, {}, read_index(finished / "search/pictures"), [1])
