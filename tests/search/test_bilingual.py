"""Names in two languages."""

from pathlib import Path

import numpy as np
import pytest

from wordbridge.devise.picture_table import Picture, read_pictures
from wordbridge.errors import InputError
from wordbridge.search.bilingual import NamePair, folds_of, mean_vectors, name_pairs, score_names
from wordbridge.search.folder import read_index
from wordbridge.search.words import read_words


def picture(name: str, fr_name: str, synset: str) -> Picture:
    return Picture("toy", name, synset, "photo", "", name, fr_name, "", "", "")


def test_pairs_are_distinct_names_with_all_their_nouns():
    pictures = [
        picture("A dog", "Un chien", "n3"),
        picture("the dog.", "le chien", "n4"),
        picture("sail boat", "bateau à voile", ""),
        picture("cat", "", "n5"),
        picture("two three four five", "chat", "n6"),
    ]

    assert name_pairs(pictures) == [
        NamePair(("dog",), ("chien",), ("n3", "n4")),
        NamePair(("sail", "boat"), ("bateau", "voile"), ()),
    ]


def test_a_name_is_the_mean_of_its_words_or_nothing(finished: Path):
    table = read_words(finished / "search/words/en")

    found = mean_vectors([("guinea", "pig"), ("dog", "gone"), ("dog",)], table)

    assert found.tolist() == [[0.5, 1, 0, 0, 3], [0] * 5, [4, 1, 0, 0, 0]]


def test_pairs_of_one_english_name_are_in_one_fold():
    pairs = [NamePair((f"w{n // 2}",), (f"m{n}",), ()) for n in range(40)]

    folds = folds_of(pairs, 4)

    assert folds[::2].tolist() == folds[1::2].tolist()
    assert set(folds.tolist()) == set(range(4))


def test_both_languages_are_asked_for_the_same_pictures(finished: Path):
    pairs = name_pairs(read_pictures(finished / "pictures/split.tsv"))
    english = mean_vectors([pair.en for pair in pairs], read_words(finished / "search/words/en"))
    index = read_index(finished / "search/pictures")
    wrong = english[::-1].copy()

    right, other = score_names(pairs, {"English": english, "French": wrong}, index, (1, 5))

    assert right == {
        "language": "English",
        "names": 4,
        "pictures": 5,
        "hit@1": 1.0,
        "hit@5": 1.0,
        "mrr": 1.0,
    }
    assert other["hit@1"] < 1
    assert other["hit@5"] == 1


def test_without_pairs_there_is_nothing_to_measure(finished: Path):
    with pytest.raises(InputError, match="expected pictures with names in both languages"):
        score_names(
            [], {"English": np.zeros((0, 5))}, read_index(finished / "search/pictures"), [1]
        )
