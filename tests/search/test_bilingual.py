"""Names in two languages."""

from pathlib import Path

from wordbridge.devise.picture_table import Picture
from wordbridge.search.bilingual import NamePair, folds_of, mean_vectors, name_pairs
from wordbridge.search.words import read_words


def picture(name: str, fr_name: str, synset: str) -> Picture:
    return Picture("toy", name, synset, "photo", "", name, fr_name, "", "", "")


def test_pairs_are_distinct_names_with_all_their_nouns():
    pictures = [
        picture("A dog", "Un chien !", "n3"),
        picture("the dog.", "Le du chien", "n4"),
        picture("sail boat", "bateau à voile", ""),
        picture("cat", "", "n5"),
        picture("two three four five", "chat", "n6"),
    ]

    assert name_pairs(pictures) == [
        NamePair(("dog",), ("chien",), ("n3", "n4"), "chien"),
        NamePair(("sail", "boat"), ("bateau", "voile"), (), "bateau à voile"),
    ]


def test_a_name_is_the_mean_of_its_words_or_nothing(finished: Path):
    table = read_words(finished / "search/words/en")

    found = mean_vectors([("guinea", "pig"), ("dog", "gone"), ("dog",)], table)

    assert found.tolist() == [[0.5, 1, 0, 0, 3], [0] * 5, [4, 1, 0, 0, 0]]


def test_pairs_of_one_english_name_are_in_one_fold():
    pairs = [NamePair((f"w{n // 2}",), (f"m{n}",), (), f"m{n}") for n in range(40)]

    folds = folds_of(pairs, 4)

    assert folds[::2].tolist() == folds[1::2].tolist()
    assert set(folds.tolist()) == set(range(4))
