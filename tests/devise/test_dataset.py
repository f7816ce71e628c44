"""Tests of what a head is trained to say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.devise.head_toys import (
    DIM,
    KNOWN,
    NOUNS,
    PER_NOUN,
    UNLABELLED,
    VALID,
    WIDTH,
    image,
    nouns,
    sources,
)
from wordbridge.arrays import save_matrix, unit_length
from wordbridge.devise.classifier_points import discriminant_points, scaled_points
from wordbridge.devise.conse import conse
from wordbridge.devise.dataset import Points
from wordbridge.devise.labelled import Floats, Ints, Labelled, part_of, seen_parts
from wordbridge.devise.settings import settings_from
from wordbridge.devise.training import training_points
from wordbridge.errors import InputError
from wordbridge.nouns.matrix import CLASSES, NounRow, read_noun_matrix, write_noun_rows

LABELLED = (NOUNS - 1) * (PER_NOUN - VALID) - UNLABELLED


def points(conse: bool = True, **settings: Any) -> Points:
    made = sources()
    train, _ = seen_parts(made.store, made.images, made.nouns)
    variant = settings_from({"targets": settings})
    return training_points(made, train, variant, conse)[0]


def conse_of(rows: Ints) -> Floats:
    """Return what ConSE says of images of the toys, of unit length."""
    matrix, scores = nouns(), sources().store.logits(rows)
    return unit_length(conse(scores, matrix.class_vectors, matrix.known_classes, 10))


def test_the_target_of_a_labelled_image_is_its_noun() -> None:
    made = points(conse=False)
    batch = made.batch(np.array([4, 0]))
    assert len(made) == LABELLED
    np.testing.assert_allclose(batch.targets, nouns().vectors[made.nouns[[4, 0]]], atol=1e-6)
    assert batch.features.shape == (2, WIDTH)


def test_distillation_mixes_the_noun_with_what_conse_says() -> None:
    made, all_conse = points(distillation=0.25), points(distillation=1.0)
    indices = np.arange(5)
    said = all_conse.batch(indices).targets
    np.testing.assert_allclose(said, conse_of(made.rows[indices]), atol=1e-6)
    mixed = 0.75 * nouns().vectors[made.nouns[:5]] + 0.25 * said.numpy()
    np.testing.assert_allclose(made.batch(indices).targets, unit_length(mixed), atol=1e-6)


def test_unlabelled_images_have_the_target_of_conse_alone_and_no_label() -> None:
    made = points(unlabelled=True, distillation=0.25)
    assert len(made) == LABELLED + UNLABELLED
    unlabelled = np.flatnonzero(made.nouns < 0)
    assert len(unlabelled) == UNLABELLED
    batch = made.batch(unlabelled)
    np.testing.assert_allclose(batch.targets, conse_of(made.rows[unlabelled]), atol=1e-6)
    assert (batch.labels == -1).all()


@pytest.mark.parametrize("kind", ["scaled", "discriminant"])
def test_rows_of_the_classifier_are_points_with_their_nouns(kind: Any) -> None:
    made = points(classifier_weight=0.25, photo_weight=3.0, classifier_features=kind)
    last = made.batch(np.arange(LABELLED, len(made)))
    assert len(made) == LABELLED + KNOWN
    np.testing.assert_allclose(last.targets, nouns().vectors[:KNOWN], atol=1e-6)
    assert last.weights.tolist() == [0.25] * KNOWN
    assert last.labels.tolist() == list(range(KNOWN))
    assert set(made.weights[:LABELLED]) == {1.0, 3.0}
    assert last.features.shape == (KNOWN, WIDTH)


def test_scaled_rows_have_the_mean_length_and_the_mean_elsewhere() -> None:
    random = np.random.default_rng(3)
    rows, features = random.random((4, 3), np.float32), random.random((9, 5), np.float32)
    made = scaled_points(rows, features)
    lengths = np.linalg.norm(features[:, 2:], axis=1).mean()
    np.testing.assert_allclose(np.linalg.norm(made[:, 2:], axis=1), lengths, rtol=1e-5)
    np.testing.assert_allclose(made[:, :2], np.tile(features[:, :2].mean(0), (4, 1)), rtol=1e-6)
    assert np.argmax(made[:, 2:] @ unit_length(rows).T, axis=1).tolist() == [0, 1, 2, 3]


def test_discriminant_points_lie_towards_the_means_of_their_classes() -> None:
    random = np.random.default_rng(4)
    centres = 4 * random.random((3, 8))
    labels = np.arange(600) % 3
    mixing = random.standard_normal((8, 8)) / 3
    features = (centres[labels] + random.standard_normal((600, 8)) @ mixing).astype(np.float32)
    inverse = np.linalg.inv(mixing.T @ mixing)
    rows = (centres @ inverse).astype(np.float32)  # Fisher's discriminant
    made = discriminant_points(rows, features, labels) - features.mean(0)
    right = centres - centres.mean(0)
    cosines = unit_length(made) @ unit_length(right.astype(np.float32)).T
    assert np.argmax(cosines, axis=1).tolist() == [0, 1, 2]


def test_discriminant_points_need_nouns_with_several_images() -> None:
    random = np.random.default_rng(5)
    rows, features = random.random((4, 3), np.float32), random.random((6, 5), np.float32)
    with pytest.raises(InputError, match="take classifier_features: scaled"):
        discriminant_points(rows, features, np.arange(6))
    assert (discriminant_points(rows, features, np.arange(6) // 2) >= 0).all()


def test_rows_wider_than_the_features_are_an_error() -> None:
    with pytest.raises(InputError, match="expected rows of 4 numbers at most"):
        scaled_points(np.ones((2, 5), np.float32), np.ones((3, 4), np.float32))


def test_parts_without_images_of_known_nouns_are_an_error() -> None:
    made = sources()
    only = [p for p in made.images if p.part != "valid"]
    with pytest.raises(InputError, match="part valid: expected at least 2 images"):
        seen_parts(made.store, only, made.nouns)


def test_images_without_features_and_of_other_sets_are_left_out() -> None:
    made = sources()
    images = [image("absent", "n00000001", "train"), *made.images]
    first = made.images[0]
    images.append(first._replace(set="others", part="unseen"))
    found = part_of(made.store, images, made.nouns, "unseen")
    assert len(found) == PER_NOUN
    assert (found.nouns == NOUNS - 1).all()


@pytest.mark.parametrize(("count", "rows"), [(3, [0, 4, 9]), (99, list(range(10))), (10, None)])
def test_thinned_parts_are_evenly_taken(count: int, rows: list[int] | None) -> None:
    part = Labelled(np.arange(10), np.arange(10), np.ones(10, np.bool_))
    assert part.thinned(count).rows.tolist() == (rows or list(range(10)))


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
        ({"targets": {"distil": 1}}, "got distil; correct the variant"),
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
