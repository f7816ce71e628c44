"""Tests of methods from fitting over files to predictions."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.devise.head_toys import DIM, NOUNS, Store, settings, training_data
from tests.settings import defaults
from wordbridge.arrays import Matrix, l2_normalize, softmax
from wordbridge.devise.baselines import ConSE, Ridge, fit_baseline
from wordbridge.devise.dataset import TrainingData, train_and_valid
from wordbridge.devise.predictions import Predictions, read_predictions
from wordbridge.devise.predictor import Predict, fit_ensemble, load_predictor, predict_images
from wordbridge.devise.training import train
from wordbridge.errors import InputError
from wordbridge.tensors import SavedModel, read_model, write_model

CPU = torch.device("cpu")
BASELINES: list[dict[str, Any]] = [
    {"kind": "conse", "top": 3},
    {"kind": "ridge", "lambdas": [0.01, 1.0]},
    {"kind": "class_mean"},
    {"kind": "random"},
]


def trained(tmp_path: Path, **blocks: Any) -> tuple[SavedModel, list[dict[str, float]]]:
    source = tmp_path / "input"
    source.write_text("features")
    states = tmp_path / "states"
    return train(settings(**blocks), 3, training_data(), [source], states, {"a": "1"}, 1e9)


def ensemble(tmp_path: Path, classifier: dict[str, Any], **blocks: Any) -> SavedModel:
    """Return a trained head with its ensemble."""
    block = defaults("methods.*", "head")["classifier"] | classifier
    return fit_ensemble(trained(tmp_path, **blocks)[0], block, training_data())


def baseline(block: dict[str, Any], seed: int = 3) -> SavedModel:
    return fit_baseline(block, seed, training_data())


def through_files(fitted: SavedModel, folder: Path) -> Predict:
    paths = folder / "model.safetensors", folder / "settings.json"
    write_model(fitted, *paths)
    return load_predictor(read_model(*paths), CPU)


def everything(data: TrainingData) -> tuple[Matrix, Matrix]:
    rows = np.arange(len(data.store))
    return data.store.features(rows), data.store.logits(rows)


def hits_at_1(fitted: SavedModel, data: TrainingData, split: str = "valid") -> float:
    """Return how often the nearest of all nouns is the right one."""
    predicted = load_predictor(fitted, CPU)(*everything(data))
    classes = fitted.settings["classes"]
    names = classes or data.nouns.synsets
    scores = predicted if classes else l2_normalize(predicted) @ data.nouns.vectors.T
    right = [names[b] == p.synset for b, p in zip(scores.argmax(1), data.images, strict=True)]
    return float(np.mean([r for r, p in zip(right, data.images, strict=True) if p.split == split]))


@pytest.mark.parametrize("block", BASELINES, ids=lambda block: block["kind"])
def test_a_baseline_is_the_same_after_saving_and_loading(
    block: dict[str, Any], tmp_path: Path
) -> None:
    data, fitted = training_data(), baseline(block)
    before = load_predictor(fitted, CPU)(*everything(data))
    predict = through_files(fitted, tmp_path)
    assert np.array_equal(predict(*everything(data)), before)
    width = len(fitted.settings["classes"]) or DIM
    assert before.shape == (len(data.store), width)
    assert before.dtype == np.float32


@pytest.mark.parametrize(("block", "least"), [(BASELINES[1], 0.8), (BASELINES[2], 0.9)])
def test_fitted_baselines_predict_held_out_images(block: dict[str, Any], least: float) -> None:
    assert hits_at_1(baseline(block), training_data()) >= least


def test_random_vectors_depend_on_image_and_seed() -> None:
    data = training_data()
    first, other = (load_predictor(baseline(BASELINES[3], seed), CPU) for seed in (1, 2))
    features, scores = everything(data)
    predicted = first(features, scores)
    assert np.array_equal(first(features[5:7], scores), predicted[5:7])
    assert (predicted != other(features, scores)).any()
    assert len(np.unique(predicted, axis=0)) == len(predicted)


def test_ridge_without_penalty_is_least_squares_and_selects_the_best_penalty() -> None:
    data = training_data()
    train_split, valid = train_and_valid(data)
    split = train_split.labelled()
    fitted = Ridge.fit(split, valid, [0.0])
    features = data.store.features(split.rows)
    with_one = np.c_[features, np.ones(len(split))]
    expected = np.linalg.lstsq(with_one, data.nouns.vectors[split.nouns], rcond=None)[0]
    np.testing.assert_allclose(fitted.matrix, expected[:-1], atol=1e-4)
    np.testing.assert_allclose(fitted.bias, expected[-1], atol=1e-4)
    assert Ridge.fit(split, valid, [1e6, 0.01, 1e5]).penalty == 0.01


@pytest.mark.parametrize(
    ("blocks", "use"),
    [
        ({}, False),
        ({"head": {"hidden": [], "dropouts": [0.0], "batch_norm": False}}, False),
        ({"training": {"epochs": 1}}, True),
        ({"loss": {"kind": "softmax"}}, False),
    ],
)
def test_a_head_is_the_same_after_saving_and_loading(
    blocks: dict[str, Any], use: bool, tmp_path: Path
) -> None:
    data, fitted = training_data(), ensemble(tmp_path, {"use": use}, **blocks)
    predict = through_files(fitted, tmp_path)
    predicted = predict(*everything(data))
    assert np.array_equal(predicted, load_predictor(fitted, CPU)(*everything(data)))
    # Batch norm uses its statistics, so an image alone has the same prediction as in a batch.
    features, scores = everything(data)
    np.testing.assert_allclose(predict(features[:1], scores[:1]), predicted[:1], atol=1e-5)
    scored = blocks.get("loss", {}).get("kind") == "softmax"
    assert predicted.shape[1] == (NOUNS - 1 if scored else DIM)
    assert ("class_vectors" in fitted.tensors) is use


def test_a_head_of_an_earlier_commit_is_loaded(tmp_path: Path) -> None:
    data, fitted = training_data(), ensemble(tmp_path, {"use": False})
    old = {
        f"head.{name.removeprefix('head.').replace('.', '/')}": weight
        for name, weight in fitted.tensors.items()
    }
    predicted = load_predictor(SavedModel(old, fitted.settings), CPU)(*everything(data))
    assert np.array_equal(predicted, load_predictor(fitted, CPU)(*everything(data)))


def test_settings_of_a_head_have_its_size_and_it_is_trained_once(tmp_path: Path) -> None:
    model, epochs = trained(tmp_path)
    assert model.settings["parameters"] == 2 * 10 + 10 * 12 + 12 + 2 * 12 + 12 * DIM + DIM
    assert [row["epoch"] for row in epochs] == [1, 2]
    again, rows = trained(tmp_path)
    assert rows == epochs
    assert all(torch.equal(model.tensors[name], again.tensors[name]) for name in model.tensors)


def test_the_classifier_predicts_where_it_is_confident_and_the_head_elsewhere(
    tmp_path: Path,
) -> None:
    data = training_data()
    features, scores = everything(data)
    unsure, sure = np.zeros_like(scores), 30 * np.eye(scores.shape[1], dtype=np.float32)[[42]]
    alone, both = (
        load_predictor(
            ensemble(tmp_path, {"use": use, "photo_odds": 1e-2, "temperature": 0.05}), CPU
        )
        for use in (False, True)
    )
    predicted, known = l2_normalize(alone(features, scores)), data.nouns.class_vectors[42]
    near = l2_normalize(both(features, np.repeat(sure, len(features), axis=0))) @ known
    assert (near > 0.99).all()
    np.testing.assert_allclose(both(features, unsure), predicted, atol=1e-6)


def test_attaching_an_ensemble_changes_no_number_of_a_head(tmp_path: Path) -> None:
    head, both = trained(tmp_path)[0], ensemble(tmp_path, {"use": True, "photo_penalty": 0.3})
    assert all(torch.equal(both.tensors[name], kept) for name, kept in head.tensors.items())
    added = both.tensors.keys() - head.tensors.keys()
    assert added == {"class_vectors", "known_classes", "photo_weights", "photo_bias"}
    other = ensemble(tmp_path, {"use": True, "photo_penalty": 3.0})
    assert {name for name in added if not torch.equal(both.tensors[name], other.tensors[name])} == {
        *("photo_weights", "photo_bias")
    }


@pytest.mark.parametrize("chunk", [1, 7, 4096])
def test_predictions_do_not_depend_on_the_chunk(
    chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wordbridge.devise.predictor._CHUNK", chunk)
    data = training_data()
    paths = tmp_path / "predictions.npy", tmp_path / "predictions.json"
    predict_images(*paths, data.store, baseline(BASELINES[0]), CPU, "conse")
    got = np.load(paths[0], allow_pickle=False)
    nouns = data.nouns
    _, scores = everything(data)
    expected = ConSE(nouns.class_vectors, nouns.known_classes, 3).predict(scores, scores)
    np.testing.assert_allclose(got, expected, atol=1e-5)
    assert json.loads(paths[1].read_text()) == {"method": "conse", "space": "words", "classes": []}


def test_a_method_without_logits_needs_none(tmp_path: Path) -> None:
    data = training_data()
    store: Any = Store(data.store.images, everything(data)[0], np.zeros((0, 0), np.float32))
    paths = tmp_path / "p.npy", tmp_path / "p.json"
    predict_images(*paths, store, baseline(BASELINES[1]), CPU, "ridge")
    assert np.load(tmp_path / "p.npy").shape == (len(data.store), DIM)


def test_damaged_files_are_an_error(tmp_path: Path) -> None:
    fitted, _ = trained(tmp_path)
    paths = tmp_path / "model.safetensors", tmp_path / "settings.json"
    write_model(fitted, *paths)
    paths[0].write_bytes(b"none")
    with pytest.raises(InputError, match="expected the weights of a model"):
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
    result = written(tmp_path, matrix, {"space": "words"})
    assert result.images == [("own", "b/2"), ("own", 'a"1'), ("own", "c 3")]
    assert isinstance(result.values, np.memmap)
    assert result.values.tolist() == matrix.tolist()


def test_classes_name_the_columns(tmp_path: Path):
    described = {"space": "classes", "classes": ["n1", "n2"]}
    assert written(tmp_path, np.zeros((3, 2), np.float32), described).classes == ("n1", "n2")


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"expected 3 rows .* got shape \(4, 2\)"):
        written(tmp_path, np.zeros((4, 2), np.float32), {"space": "words"})


def test_a_table_without_the_column_is_named(tmp_path: Path):
    (tmp_path / "0.tsv").write_text("set\tstamp\n")
    np.save(tmp_path / "v.npy", np.zeros((0, 2), np.float32))
    (tmp_path / "v.json").write_text('{"space": "words"}')
    with pytest.raises(InputError, match="expected the columns set, image, stamp"):
        read_predictions(tmp_path / "v.npy", tmp_path / "v.json", [tmp_path / "0.tsv"])


# ---- ConSE by hand-made cases --------------------------------------------------------------------

VECTORS = np.array([[1, 0], [0, 1], [9, 9], [1, 1]], np.float32)
KNOWN = np.array([True, True, False, True])
SCORES = np.log(np.array([[0.5, 0.2, 0.2, 0.1], [0.1, 0.1, 0.2, 0.6]], np.float32))


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        (1, [[1, 0], [1, 1]]),
        (2, [[5 / 7, 2 / 7], [6.5 / 7, 6.5 / 7]]),
        (3, [[6 / 8, 3 / 8], [7 / 8, 7 / 8]]),
        (10, [[6 / 8, 3 / 8], [7 / 8, 7 / 8]]),
    ],
)
def test_likely_classes_with_a_vector_are_combined(top: int, expected: list[list[float]]) -> None:
    got = ConSE(VECTORS, KNOWN, top).predict(SCORES, SCORES)
    rows = [0] if top == 2 else [0, 1]  # the second image has two equally likely classes
    np.testing.assert_allclose(got[rows], np.array(expected)[rows], rtol=1e-5)
    assert got.dtype == np.float32


def test_large_scores_do_not_overflow_and_probabilities_sum_to_one() -> None:
    probabilities = softmax(np.array([[1000, 999, -1000], [0, 0, 0]], np.float32))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    assert probabilities[0].tolist() == pytest.approx([0.731, 0.269, 0], abs=1e-3)


def test_an_image_of_a_class_without_a_vector_has_a_prediction() -> None:
    scores = np.array([[0, 0, 30, -1]], np.float32)
    assert np.isfinite(ConSE(VECTORS, KNOWN, 2).predict(scores, scores)).all()
