"""Tests of a whole training job from files to weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from wordbridge.corpus.ids import pack, write_ids
from wordbridge.corpus.specials import EOS
from wordbridge.errors import InputError
from wordbridge.translation.job import prepare, train

VARIANT = {"direction": "fr-en", "model": {"hidden": 6}, "training": {"epochs": 2}}
CODE = {"modules": {"a": "1"}}


def files(folder: Path, rows: int = 9) -> dict[str, str]:
    parts = ["train"] * 5 + ["valid"] * 2
    for language, shift in (("fr", 4), ("en", 3)):
        texts = [[shift + place % 5, EOS] for place in range(7)]
        write_ids(pack(texts, parts), folder / f"{language}.npz")
        width = {"fr": 5, "en": 7}[language]
        matrix = np.random.RandomState(width).randn(rows, width).astype(np.float32)
        np.save(folder / f"{language}.npy", matrix)
    names = {"ids": "npz", "embedding": "npy"}
    return {
        f"{language}_{name}": str(folder / f"{language}.{ending}")
        for language in ("fr", "en")
        for name, ending in names.items()
    }


def block(**changes: Any) -> dict[str, Any]:
    return {"variant": {**VARIANT, **changes}, "device": "cpu", "threads": 1}


def test_a_job_gives_weights_description_rows_and_times(tmp_path: Path) -> None:
    states = tmp_path / "states"
    trained = train(block(), 3, files(tmp_path), states, CODE)
    assert trained.description["source"] == [9, 5]
    assert trained.description["target"] == [9, 7]
    assert trained.description["parameters"] == sum(w.numel() for w in trained.weights.values())
    assert [row["epoch"] for row in trained.epochs] == [1, 2]
    assert trained.times["device"] == "cpu"
    assert trained.state.exists()
    trained.forget_state()
    assert not trained.state.exists()


def test_a_job_broken_off_before_its_results_were_written_does_not_train_again(
    tmp_path: Path,
) -> None:
    first = train(block(), 3, files(tmp_path), tmp_path / "states", CODE)
    again = train(block(), 3, files(tmp_path), tmp_path / "states", CODE)
    assert again.description == first.description
    assert again.epochs == first.epochs
    assert again.times == first.times
    for name, value in first.weights.items():
        assert torch.equal(value, again.weights[name])


def test_the_other_direction_swaps_the_sides(tmp_path: Path) -> None:
    prepared = prepare(block(direction="en-fr"), 1, files(tmp_path))
    assert prepared.model.encoder.embedding.embedding_dim == 7
    assert prepared.model.decoder.embedding.embedding_dim == 5


def test_embeddings_of_too_few_words_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected rows for 9 words at least, got 6"):
        prepare(block(), 1, files(tmp_path, rows=6))
