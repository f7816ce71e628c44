"""Tests of what a head is trained to say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.devise.head_toys import (
    DIM,
    NOUNS,
    PER_NOUN,
    UNLABELLED,
    VALID,
    WIDTH,
    image,
    nouns,
    sources,
    variant,
)
from wordbridge.arrays import save_matrix
from wordbridge.devise.dataset import Points
from wordbridge.devise.labelled import Labelled, seen_splits, split_of
from wordbridge.devise.settings import settings_from
from wordbridge.devise.training import prepare
from wordbridge.errors import InputError
from wordbridge.nouns.matrix import CLASSES, NounRow, read_noun_matrix, write_noun_rows

LABELLED = (NOUNS - 1) * (PER_NOUN - VALID) - UNLABELLED


def points() -> Points:
    training, _ = prepare(settings_from(variant()), 1, sources(), torch.device("cpu"), None)
    return training.train_points


def test_the_target_of_an_image_is_the_vector_of_its_noun() -> None:
    made = points()
    batch = made.batch(np.array([4, 0]))
    assert len(made) == LABELLED
    np.testing.assert_allclose(batch.targets, nouns().vectors[made.nouns[[4, 0]]], atol=1e-6)
    assert batch.features.shape == (2, WIDTH)


def test_parts_without_images_of_known_nouns_are_an_error() -> None:
    made = sources()
    only = [p for p in made.images if p.split != "valid"]
    with pytest.raises(InputError, match="split valid: expected at least 2 images"):
        seen_splits(made.store, only, made.nouns)


def test_images_without_features_and_of_other_sets_are_left_out() -> None:
    made = sources()
    images = [image("absent", "n00000001", "train"), *made.images]
    first = made.images[0]
    images.append(first._replace(set="others", split="unseen"))
    found = split_of(made.store, images, made.nouns, "unseen")
    assert len(found) == PER_NOUN
    assert (found.nouns == NOUNS - 1).all()


@pytest.mark.parametrize(("count", "rows"), [(3, [0, 4, 9]), (99, list(range(10))), (10, None)])
def test_thinned_parts_are_evenly_taken(count: int, rows: list[int] | None) -> None:
    split = Labelled(np.arange(10), np.arange(10), np.ones(10, np.bool_))
    assert split.thinned(count).rows.tolist() == (rows or list(range(10)))


def test_nouns_are_read_with_their_classes_at_unit_length(tmp_path: Path) -> None:
    save_matrix(np.array([[3, 4], [0, 0], [0, 2]], np.float32), tmp_path / "v.npy")
    rows = [("n1", 7), ("n2", None), ("n3", 999)]
    table = [NounRow(s, "word", "first exact", number) for s, number in rows]
    write_noun_rows(tmp_path / "v.tsv", table)
    read = read_noun_matrix(tmp_path / "v.npy", tmp_path / "v.tsv")
    np.testing.assert_allclose(read.vectors, [[0.6, 0.8], [0, 0], [0, 1]], rtol=1e-6)
    assert read.row_of == {"n1": 0, "n2": 1, "n3": 2}
    assert np.flatnonzero(read.known_classes).tolist() == [7, 999]
    assert read.class_vectors.shape == (CLASSES, 2)
    assert not read.class_vectors[np.arange(CLASSES) % 992 != 7].any()


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"head": {"hidden": [4]}, "loss": {}}, None),
        ({"head": {"hidden": [4, 5]}}, "a dropout for each of 3 layers, got 2"),
        (
            {"classifier": {"weight": 9}, "loss": {"kind": "softmax"}},
            "expected classifier weight: 0",
        ),
        ({"head": {"width": 1}}, "got width; correct the variant"),
    ],
)
def test_settings_that_do_not_go_together_are_an_error(
    block: dict[str, Any], message: str | None
) -> None:
    if message is None:
        assert settings_from(block).head.hidden == (4,)
        return
    with pytest.raises(InputError, match=message):
        settings_from(block)


def test_labels_number_the_seen_nouns() -> None:
    batch = points().batch(np.arange(LABELLED))
    assert torch.unique(batch.labels).tolist() == list(range(NOUNS - 1))
    assert batch.targets.shape == (LABELLED, DIM)
