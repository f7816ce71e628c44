"""Tests of methods from fitting over files to predictions."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.devise.head_toys import DIM, NOUNS, Store, sources, variant
from wordbridge.arrays import l2_normalize
from wordbridge.devise.baselines import fit_baseline, ridge
from wordbridge.devise.conse import conse
from wordbridge.devise.ensemble import voiced_head
from wordbridge.devise.labelled import Floats, seen_splits
from wordbridge.devise.predictions import (
    Predictions,
    Predictor,
    predictor_of,
    read_predictions,
    write_predictions,
)
from wordbridge.devise.training import Sources, Trained, train
from wordbridge.errors import InputError
from wordbridge.tensors import SavedModel, read_model, write_model

CPU = torch.device("cpu")
BASELINES: list[dict[str, Any]] = [
    {"kind": "conse", "top": 3},
    {"kind": "ridge", "lambdas": [0.01, 1.0]},
    {"kind": "class_mean"},
    {"kind": "random"},
]


def trained(tmp_path: Path, **blocks: Any) -> Trained:
    block = {"variant": variant(**blocks), "device": "cpu", "threads": 1}
    source = tmp_path / "input"
    source.write_text("features")
    return train(block, 3, sources(), [source], tmp_path / "states", {"a": "1"})


def voiced(tmp_path: Path, classifier: dict[str, Any], **blocks: Any) -> SavedModel:
    """Return a trained head with the classifier beside it."""
    made, head = sources(), trained(tmp_path, **blocks)
    return voiced_head(head, classifier, made.store, made.images, made.nouns)


def baseline(block: dict[str, Any], seed: int = 3) -> SavedModel:
    made = sources()
    return fit_baseline(block, seed, made.store, made.images, made.nouns)


def through_files(fitted: SavedModel, folder: Path) -> Predictor:
    paths = folder / "model.safetensors", folder / "settings.json"
    write_model(fitted, *paths)
    return predictor_of(read_model(*paths), CPU)


def everything(made: Sources) -> tuple[Floats, Floats]:
    rows = np.arange(len(made.store))
    return made.store.features(rows), made.store.logits(rows)


def hits_at_1(predictor: Predictor, made: Sources, split: str = "valid") -> float:
    """Return how often the nearest of all nouns is the right one."""
    said = predictor.says(*everything(made))
    names = predictor.classes or made.nouns.synsets
    scores = said if predictor.classes else l2_normalize(said) @ made.nouns.vectors.T
    right = [names[b] == p.synset for b, p in zip(scores.argmax(1), made.images, strict=True)]
    return float(np.mean([r for r, p in zip(right, made.images, strict=True) if p.split == split]))


@pytest.mark.parametrize("block", BASELINES, ids=lambda block: block["kind"])
def test_a_baseline_is_the_same_after_a_way_through_files(
    block: dict[str, Any], tmp_path: Path
) -> None:
    made, fitted = sources(), baseline(block)
    before = predictor_of(fitted, CPU).says(*everything(made))
    predictor = through_files(fitted, tmp_path)
    assert np.array_equal(predictor.says(*everything(made)), before)
    width = len(predictor.classes) if predictor.space == "classes" else DIM
    assert before.shape == (len(made.store), width)
    assert before.dtype == np.float32


@pytest.mark.parametrize(("block", "least"), [(BASELINES[1], 0.8), (BASELINES[2], 0.9)])
def test_fitted_baselines_name_held_out_images(block: dict[str, Any], least: float) -> None:
    assert hits_at_1(predictor_of(baseline(block), CPU), sources()) >= least


def test_random_vectors_are_of_the_image_and_the_seed() -> None:
    made = sources()
    first, other = (predictor_of(baseline(BASELINES[3], seed), CPU) for seed in (1, 2))
    features, scores = everything(made)
    said = first.says(features, scores)
    assert np.array_equal(first.says(features[5:7], scores), said[5:7])
    assert (said != other.says(features, scores)).any()
    assert len(np.unique(said, axis=0)) == len(said)


def test_ridge_without_penalty_is_least_squares_and_takes_the_best_penalty() -> None:
    made = sources()
    train_split, valid = seen_splits(made.store, made.images, made.nouns)
    split = train_split.with_noun()
    fitted = ridge(made.store, made.nouns, split, valid, [0.0])
    features = made.store.features(split.rows)
    with_one = np.c_[features, np.ones(len(split))]
    expected = np.linalg.lstsq(with_one, made.nouns.vectors[split.nouns], rcond=None)[0]
    np.testing.assert_allclose(fitted.tensors["matrix"], expected[:-1], atol=1e-4)
    np.testing.assert_allclose(fitted.tensors["bias"], expected[-1], atol=1e-4)
    chosen = ridge(made.store, made.nouns, split, valid, [1e6, 0.01, 1e5])
    assert chosen.description["penalty"] == 0.01


def test_another_kind_is_an_error() -> None:
    with pytest.raises(InputError, match="got 'forest'"):
        baseline({"kind": "forest"})


@pytest.mark.parametrize(
    ("blocks", "weight"),
    [
        ({}, 0.0),
        ({"head": {"hidden": [], "dropouts": [0.0], "batch_norm": False}}, 0.0),
        ({"training": {"epochs": 1}}, 9.0),
        ({"loss": {"kind": "softmax"}}, 0.0),
    ],
)
def test_a_head_is_the_same_after_a_way_through_files(
    blocks: dict[str, Any], weight: float, tmp_path: Path
) -> None:
    made, fitted = sources(), voiced(tmp_path, {"weight": weight}, **blocks)
    predictor = through_files(fitted, tmp_path)
    said = predictor.says(*everything(made))
    assert np.array_equal(said, predictor_of(fitted, CPU).says(*everything(made)))
    # Batch norm uses its statistics, so an image alone says what it says among others.
    features, scores = everything(made)
    np.testing.assert_allclose(predictor.says(features[:1], scores[:1]), said[:1], atol=1e-5)
    scored = blocks.get("loss", {}).get("kind") == "softmax"
    assert said.shape[1] == (NOUNS - 1 if scored else DIM)
    assert predictor.asks_classifier is (weight > 0)


def test_a_job_tells_what_it_made_and_trains_once(tmp_path: Path) -> None:
    made = trained(tmp_path)
    assert made.description["parameters"] == 2 * 10 + 10 * 12 + 12 + 2 * 12 + 12 * DIM + DIM
    assert [row["epoch"] for row in made.epochs] == [1, 2]
    again = trained(tmp_path)
    assert again.epochs == made.epochs
    assert all(torch.equal(made.tensors[name], again.tensors[name]) for name in made.tensors)


def test_the_classifier_speaks_beside_a_head_where_it_is_sure_and_moves_nothing_elsewhere(
    tmp_path: Path,
) -> None:
    made = sources()
    features, scores = everything(made)
    unsure, sure = np.zeros_like(scores), 30 * np.eye(scores.shape[1], dtype=np.float32)[[42]]
    alone, both = (
        predictor_of(voiced(tmp_path, {"weight": weight, "photo_odds": odds}), CPU)
        for weight, odds in ((0.0, 1.0), (1e4, 1e9))
    )
    said, known = l2_normalize(alone.says(features, scores)), made.nouns.class_vectors[42]
    near = l2_normalize(both.says(features, np.repeat(sure, len(features), axis=0))) @ known
    assert (near > 0.99).all()
    # 1 / (1 - 1/1000)^2: unsure, the classifier weighs as much as the head at most
    moved = np.linalg.norm(both.says(features, unsure) - said, axis=1)
    assert moved.max() < 1.01


def test_the_classifier_beside_it_changes_no_number_of_a_head(tmp_path: Path) -> None:
    head, both = trained(tmp_path), voiced(tmp_path, {"weight": 2.0, "photo_penalty": 0.3})
    assert all(torch.equal(both.tensors[name], kept) for name, kept in head.tensors.items())
    added = both.tensors.keys() - head.tensors.keys()
    assert added == {"class_vectors", "known_classes", "photo_weights", "photo_bias"}
    other = voiced(tmp_path, {"weight": 2.0, "photo_penalty": 3.0})
    assert {name for name in added if not torch.equal(both.tensors[name], other.tensors[name])} == {
        *("photo_weights", "photo_bias")
    }


def test_a_head_that_makes_no_vectors_has_no_classifier_beside_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected classifier weight: 0 with the softmax loss"):
        voiced(tmp_path, {"weight": 2.0}, loss={"kind": "softmax"})


@pytest.mark.parametrize("chunk", [1, 7, 4096])
def test_predictions_do_not_depend_on_the_chunk(
    chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wordbridge.devise.predictions.CHUNK", chunk)
    made = sources()
    predictor = predictor_of(baseline(BASELINES[0]), CPU)
    paths = tmp_path / "predictions.npy", tmp_path / "predictions.json"
    write_predictions(*paths, made.store, predictor, "conse")
    got = np.load(paths[0], allow_pickle=False)
    nouns = made.nouns
    _, scores = everything(made)
    expected = conse(scores, nouns.class_vectors, nouns.known_classes, 3)
    np.testing.assert_allclose(got, expected, atol=1e-5)
    assert json.loads(paths[1].read_text()) == {"method": "conse", "space": "words", "classes": []}


def test_a_method_that_does_not_ask_the_classifier_needs_none(tmp_path: Path) -> None:
    made = sources()
    store: Any = Store(made.store.images, everything(made)[0], np.zeros((0, 0), np.float32))
    predictor = predictor_of(baseline(BASELINES[1]), CPU)
    write_predictions(tmp_path / "p.npy", tmp_path / "p.json", store, predictor, "ridge")
    assert np.load(tmp_path / "p.npy").shape == (len(made.store), DIM)


def test_damaged_files_are_an_error(tmp_path: Path) -> None:
    fitted = trained(tmp_path)
    paths = tmp_path / "model.safetensors", tmp_path / "settings.json"
    write_model(fitted, *paths)
    lacking = {n: t for n, t in fitted.tensors.items() if "running_mean" not in n}
    with pytest.raises(InputError, match="expected numbers as its settings describe"):
        predictor_of(SavedModel(lacking, fitted.description), CPU)
    paths[0].write_bytes(b"none")
    with pytest.raises(InputError, match="expected the numbers of a fitted method"):
        read_model(*paths)


def written(folder: Path, matrix: np.ndarray, described: dict[str, object]) -> Predictions:
    np.save(folder / "values.npy", matrix)
    (folder / "values.json").write_text(json.dumps(described))
    tables = []
    for number, images in enumerate((["b/2", 'a"1'], ["c 3"])):
        tables.append(folder / f"{number}.tsv")
        lines = "".join(f"own\t{image}\tff\n" for image in images)
        tables[-1].write_text("set\timage\tstamp\n" + lines)
    return read_predictions(folder / "values.npy", folder / "values.json", tables)


def test_rows_are_the_shards_one_after_the_other(tmp_path: Path):
    matrix = np.arange(6, dtype=np.float32).reshape(3, 2)
    found = written(tmp_path, matrix, {"space": "words"})
    assert found.images == [("own", "b/2"), ("own", 'a"1'), ("own", "c 3")]
    assert isinstance(found.values, np.memmap)
    assert found.values.tolist() == matrix.tolist()


def test_classes_name_the_columns(tmp_path: Path):
    described = {"space": "classes", "classes": ["n1", "n2"]}
    assert written(tmp_path, np.zeros((3, 2), np.float32), described).classes == ("n1", "n2")


@pytest.mark.parametrize(
    ("shape", "described", "message"),
    [
        ((4, 2), {"space": "words"}, "expected 3 rows of float32"),
        ((3, 2), {"space": "classes", "classes": ["n1"]}, "expected 2 classes"),
        ((3, 2), {"space": "pixels"}, "got 'pixels'; predict again"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(
    tmp_path: Path, shape: tuple[int, int], described: dict[str, object], message: str
):
    with pytest.raises(InputError, match=message):
        written(tmp_path, np.zeros(shape, np.float32), described)


def test_a_table_without_the_column_is_named(tmp_path: Path):
    (tmp_path / "0.tsv").write_text("set\tstamp\n")
    np.save(tmp_path / "v.npy", np.zeros((0, 2), np.float32))
    (tmp_path / "v.json").write_text('{"space": "words"}')
    with pytest.raises(InputError, match="expected the columns set, image, stamp"):
        read_predictions(tmp_path / "v.npy", tmp_path / "v.json", [tmp_path / "0.tsv"])
