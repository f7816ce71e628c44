"""Tests of training sets."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.devise.devise_toys import image
from tests.devise.head_toys import (
    DIM,
    NOUNS,
    PER_NOUN,
    UNLABELLED,
    VALID,
    WIDTH,
    nouns,
    settings,
    training_data,
)
from wordbridge.arrays import save_matrix
from wordbridge.devise.dataset import TrainingSet, select_split, train_and_valid
from wordbridge.devise.training import HeadTrainer
from wordbridge.errors import InputError
from wordbridge.nouns.matrix import CLASSES, NounRow, read_noun_matrix, write_noun_rows

LABELLED = (NOUNS - 1) * (PER_NOUN - VALID) - UNLABELLED


def train_set() -> TrainingSet:
    return HeadTrainer(settings(), 1, training_data()).train_set


def test_the_target_of_an_image_is_the_vector_of_its_noun() -> None:
    data = train_set()
    batch = data.batch(np.array([4, 0]), torch.device("cpu"))
    assert len(data) == LABELLED
    np.testing.assert_allclose(batch.targets, nouns().vectors[data.nouns[[4, 0]]], atol=1e-6)
    assert batch.features.shape == (2, WIDTH)


def test_a_split_without_images_of_known_nouns_is_an_error() -> None:
    data = training_data()
    images = [p for p in data.images if p.split != "valid"]
    with pytest.raises(InputError, match="split valid: expected at least 2 images"):
        train_and_valid(data._replace(images=images))


def test_images_without_features_and_of_other_sets_are_left_out() -> None:
    data = training_data()
    images = [image("absent", "n00000001", "train"), *data.images]
    first = data.images[0]
    images.append(first._replace(set="others", split="unseen"))
    unseen = select_split(data._replace(images=images), "unseen")
    assert len(unseen) == PER_NOUN
    assert (unseen.nouns == NOUNS - 1).all()


@pytest.mark.parametrize(("count", "rows"), [(3, [0, 4, 9]), (99, list(range(10))), (10, None)])
def test_a_subsample_is_evenly_spaced(count: int, rows: list[int] | None) -> None:
    complete = replace(
        train_set(), rows=np.arange(10), nouns=np.arange(10), photos=np.ones(10, bool)
    )
    assert complete.subsample(count).rows.tolist() == (rows or list(range(10)))


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


def test_labels_number_the_seen_nouns() -> None:
    trainer = HeadTrainer(settings(), 1, training_data())
    batch = trainer.train_set.batch(np.arange(LABELLED), trainer.device)
    assert torch.unique(trainer.label_of[batch.nouns]).tolist() == list(range(NOUNS - 1))
    assert batch.targets.shape == (LABELLED, DIM)
