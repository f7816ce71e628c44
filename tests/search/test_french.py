"""Rotations between the spaces of two languages.

Names in two languages.

Names in several languages, by the images that they find.
"""

from pathlib import Path

import numpy as np
import pytest

from wordbridge.arrays import Matrix, l2_normalize
from wordbridge.errors import InputError
from wordbridge.images.table import ImageRow, read_images
from wordbridge.search.french import (
    NamePair,
    align,
    cross_fitted,
    folds_of,
    mean_vectors,
    name_pairs,
    score_names,
)
from wordbridge.search.index import Index, read_index
from wordbridge.search.words import read_words


def points(rows: int, dim: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, dim)).astype(np.float32)


def rotation(dim: int) -> np.ndarray:
    return np.linalg.qr(points(dim, dim, seed=9))[0].astype(np.float32)


def test_a_rotation_is_recovered():
    source = points(40, 6)
    target = (source * 3) @ rotation(6)

    others = points(7, 6, seed=2)

    assert align(others, source, target) == pytest.approx(
        l2_normalize(others) @ rotation(6), abs=2e-5
    )


@pytest.mark.parametrize(("wide", "narrow"), [(9, 4), (4, 9)])
def test_spaces_of_other_dimensions_get_orthonormal_rows_or_columns(wide: int, narrow: int):
    source, target = points(50, wide), points(50, narrow, seed=3)
    axes = np.eye(wide, dtype=np.float32)
    matrix = (align(axes, source, target) - align(-axes, source, target)) / 2
    product = matrix.T @ matrix if wide > narrow else matrix @ matrix.T
    left, right = (side - side.mean(axis=0) for side in map(l2_normalize, (source, target)))

    assert matrix.shape == (wide, narrow)
    assert product == pytest.approx(np.eye(4), abs=1e-5)
    # No such matrix has a larger sum of inner products than the sum of singular values.
    largest = np.linalg.norm(left.T @ right, "nuc")
    assert np.sum(left @ matrix * right) == pytest.approx(largest, rel=1e-5)


def test_pairs_without_a_vector_do_not_count_and_zeros_stay_zeros():
    source, target = points(20, 5), points(20, 3, seed=4)
    more = np.vstack([source, np.zeros((1, 5)), points(1, 5, seed=7)]).astype(np.float32)
    other = np.vstack([target, points(1, 3, seed=8), np.zeros((1, 3))]).astype(np.float32)

    assert align(source, more, other) == pytest.approx(align(source, source, target), abs=1e-6)
    assert align(np.zeros((2, 5), np.float32), more, other).tolist() == [[0, 0, 0]] * 2


def test_two_pairs_are_needed():
    axes = np.eye(3, 2, dtype=np.float32)
    with pytest.raises(InputError, match=r"expected pairs of words .*, got 1 of 3; add"):
        align(axes, axes[[0, 2, 2]], np.ones((3, 2), np.float32))


@pytest.mark.parametrize(("pairs", "warning"), [(2, True), (3, False)])
def test_vectors_of_another_language_give_few_pairs_and_a_warning(
    pairs: int, warning: bool, capsys: pytest.CaptureFixture[str]
):
    source = points(30, 4)
    source[pairs:] = 0
    align(source, source, points(30, 4, seed=2))

    error = capsys.readouterr().err
    assert error.startswith("warning: alignment: expected pairs") == warning
    assert (f"got {pairs} of 30" in error) == warning


def test_no_pair_is_mapped_by_an_alignment_fitted_on_it():
    source, target = points(12, 4), points(12, 3, seed=5)
    folds = np.arange(12) % 3

    mapped = cross_fitted(source, target, folds)

    alone = folds == 1
    assert mapped[alone] == pytest.approx(align(source[alone], source[~alone], target[~alone]))
    changed = target.copy()
    changed[4] = 100
    assert cross_fitted(source, changed, folds)[alone] == pytest.approx(mapped[alone])


def image(name: str, fr_name: str, synset: str) -> ImageRow:
    return ImageRow("toy", name, synset, "photo", "", name, fr_name, "", "", "")


def test_pairs_are_distinct_names_with_all_their_nouns():
    images = [
        image("A dog", "Un chien !", "n3"),
        image("the dog.", "Le du chien", "n4"),
        image("sail boat", "bateau à voile", ""),
        image("cat", "", "n5"),
        image("two three four five", "chat", "n6"),
    ]

    assert name_pairs(images) == [
        NamePair(("dog",), ("chien",), ("n3", "n4")),
        NamePair(("sail", "boat"), ("bateau", "voile"), ()),
    ]


def test_a_name_is_the_mean_of_its_words_or_nothing(finished: Path):
    table = read_words(finished / "search/words/en")

    means = mean_vectors([("guinea", "pig"), ("dog", "gone"), ("dog",)], table)

    assert means.tolist() == [[0.5, 1, 0, 0, 3], [0] * 5, [4, 1, 0, 0, 0]]


def test_pairs_of_one_english_name_are_in_one_fold():
    pairs = [NamePair((f"w{n // 2}",), (f"m{n}",), ()) for n in range(40)]

    folds = folds_of(pairs, 4)

    assert folds[::2].tolist() == folds[1::2].tolist()
    assert set(folds.tolist()) == set(range(4))


@pytest.fixture
def pairs(finished: Path) -> list[NamePair]:
    """Return boat, cat, dog and sail in both languages."""
    return name_pairs(read_images(finished / "images/split.tsv"))


@pytest.fixture
def english(finished: Path, pairs: list[NamePair]) -> Matrix:
    return mean_vectors([pair.en for pair in pairs], read_words(finished / "search/words/en"))


def test_both_languages_search_the_same_images(
    finished: Path, pairs: list[NamePair], english: Matrix
):
    index = read_index(finished / "search/images")
    wrong = english[::-1].copy()

    right, other = score_names(pairs, {"English": english, "French": wrong}, index, (1, 5))

    assert right == {
        "language": "English",
        "name_share": 1.0,
        "names": 4,
        "images": 5,
        "hit@1": 1.0,
        "hit@5": 1.0,
        "mrr": 1.0,
    }
    assert other["hit@1"] < 1
    assert other["hit@5"] == 1


def test_images_of_an_album_are_no_candidates(
    finished: Path, pairs: list[NamePair], english: Matrix, monkeypatch: pytest.MonkeyPatch
):
    index = read_index(finished / "search/images")
    held_out = [row for row in range(len(index.lines)) if index.label(row)["split"] != "train"]
    label = Index.label
    monkeypatch.setattr(
        Index,
        "label",
        lambda index, row: label(index, row) | ({"synset": ""} if row == held_out[0] else {}),
    )
    (scores,) = score_names(pairs, {"English": english}, index, [1])
    assert scores["images"] == len(held_out) - 1


def test_a_name_without_a_vector_in_one_language_counts_in_none(
    finished: Path, pairs: list[NamePair], english: Matrix
):
    index = read_index(finished / "search/images")
    lacking = english.copy()
    lacking[1] = 0

    rows = score_names(pairs, {"a": english, "b": lacking}, index, [1])

    assert [(row["name_share"], row["names"], row["hit@1"]) for row in rows] == [(0.75, 3, 1.0)] * 2


def test_no_pairs_are_an_error(finished: Path):
    nothing = {"English": np.zeros((0, 5), np.float32)}
    with pytest.raises(InputError, match="expected images with names in both languages"):
        score_names([], nothing, read_index(finished / "search/images"), [1])
