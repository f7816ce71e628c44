"""Tests of the job that trains a translator: its inputs, its outputs, and what reruns it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.settings import variant
from wordbridge.corpus.ids import AuxiliarySampler, pack, write_ids
from wordbridge.corpus.special_tokens import EOS
from wordbridge.errors import InputError
from wordbridge.translation.training import build_trainer, train

VARIANT = {
    "direction": "fr-en",
    "tag_versions": False,
    "model": {"hidden": 6},
    "training": {"epochs": 2},
}  # and the defaults of the schema
VERSIONS = {"fr": ["l"] * 6 + ["o"], "en": ["k", "4", "k", "4", "k", "3", "k"]}
CODE = {"modules": {"a": "1"}}


def files(folder: Path, versions: bool = False, auxiliary: int = 0) -> dict[str, str]:
    parts = ["train"] * 5 + ["valid"] * 2 + ["auxiliary"] * auxiliary
    for language, shift in (("fr", 4), ("en", 3)):
        texts = [[shift + place % 5, EOS] for place in range(len(parts))]
        names = VERSIONS[language] if versions else []
        write_ids(pack(texts, parts, names), folder / f"{language}.npz")
        width = {"fr": 5, "en": 8}[language]
        matrix = np.random.RandomState(width).randn(9, width).astype(np.float32)
        np.save(folder / f"{language}.npy", matrix)
    endings = {"ids": "npz", "embedding": "npy"}
    return {
        f"{language}_{name}": str(folder / f"{language}.{ending}")
        for language in ("fr", "en")
        for name, ending in endings.items()
    }


def block(**changes: Any) -> dict[str, Any]:
    return {"variant": variant({**VARIANT, **changes}), "device": "cpu", "threads": 1}


def test_a_job_gives_weights_description_rows_and_times(tmp_path: Path) -> None:
    states = tmp_path / "states"
    trained, epochs, times = train(block(), 3, files(tmp_path), states, CODE, 9.0)
    assert trained.settings["source"] == [9, 5]
    assert trained.settings["target"] == [9, 8]
    assert trained.settings["target_versions"] == []
    assert trained.settings["parameters"] == sum(w.numel() for w in trained.tensors.values())
    assert [row["epoch"] for row in epochs] == [1, 2]
    assert times["device"] == "cpu"


def test_a_job_interrupted_before_writing_its_results_does_not_train_again(
    tmp_path: Path,
) -> None:
    first, *records = train(block(), 3, files(tmp_path), tmp_path / "states", CODE, 9.0)
    again, *same = train(block(), 3, files(tmp_path), tmp_path / "states", CODE, 9.0)
    assert again.settings == first.settings
    assert same == records
    for name, value in first.tensors.items():
        assert torch.equal(value, again.tensors[name])


def test_how_often_the_state_is_saved_is_no_reason_to_train_again(tmp_path: Path) -> None:
    inputs, states = files(tmp_path), tmp_path / "states"
    first, *records = train(block(), 3, inputs, states, CODE, 5.0)
    again, *same = train(block(), 3, inputs, states, CODE, 0.5)
    assert len(list(states.glob("*.safetensors"))) == 1
    assert same == records  # a second training would not take the same time
    assert again.settings == first.settings


def test_the_other_direction_swaps_the_sides(tmp_path: Path) -> None:
    prepared = build_trainer(block(direction="en-fr"), 1, files(tmp_path))
    assert prepared.model.encoder.embedding.embedding_dim == 8
    assert prepared.model.decoder.embedding.embedding_dim == 5


def test_versions_are_no_matter_to_a_variant_without_tags(tmp_path: Path) -> None:
    prepared = build_trainer(block(), 1, files(tmp_path, versions=True))
    plain = build_trainer(block(), 1, files(tmp_path))
    for name, value in plain.model.state_dict().items():
        assert torch.equal(value, prepared.model.state_dict()[name])
    assert prepared.train_data.batch([1]).source.tolist() == [[5], [EOS]]


@pytest.mark.parametrize(
    ("direction", "names", "width"), [("fr-en", ["k", "4", "3"], 5), ("en-fr", ["l", "o"], 8)]
)
def test_tags_follow_the_words_of_the_vocabulary(
    direction: str, names: list[str], width: int, tmp_path: Path
) -> None:
    changes = {"direction": direction, "tag_versions": True, "training": {"epochs": 1}}
    inputs = files(tmp_path, versions=True)
    trained, _, _ = train(block(**changes), 3, inputs, tmp_path / "states", CODE, 9.0)
    assert trained.settings["target_versions"] == names
    assert trained.settings["source"] == [9 + len(names), width]
    assert trained.tensors["encoder.embedding.weight"].shape == (9 + len(names), width)

    prepared = build_trainer(block(**changes), 3, inputs)
    source = direction.split("-")[0]
    embedding = prepared.model.encoder.embedding.weight.detach()
    given = torch.from_numpy(np.load(inputs[f"{source}_embedding"]))
    torch.testing.assert_close(embedding[:9], given * prepared.settings.model.embedding_scale)
    assert 0.02 < embedding[9:].std() < 0.3  # as wide as the words' under the same scale
    first = prepared.valid_data.batch([0, 1]).source[0].tolist()
    assert first == {"fr-en": [9 + 2, 9 + 0], "en-fr": [9 + 0, 9 + 1]}[direction]


@pytest.mark.parametrize(
    "model",
    [
        {"attention": True, "output_weights": "tied"},
        {"attention": True, "output_weights": "copied"},
        {"cell": "transformer"},
    ],
)
def test_frozen_embeddings_keep_their_values_while_the_rest_is_trained(
    model: dict[str, Any], tmp_path: Path
) -> None:
    inputs = files(tmp_path)
    frozen = block(model={**model, "freeze_embeddings": True})
    before = build_trainer(frozen, 3, inputs).model
    tensors = train(frozen, 3, inputs, tmp_path / "states", CODE, 9.0)[0].tensors
    state = before.state_dict()
    embeddings = {"encoder.embedding.weight", "decoder.embedding.weight"}
    assert {name for name in tensors if torch.equal(state[name], tensors[name])} == embeddings
    free = build_trainer(block(model=model), 3, inputs).model
    difference = free.parameter_count() - before.parameter_count()
    assert difference == sum(state[name].numel() for name in embeddings)


AUXILIARY = {"epochs": 3, "batch_size": 4, "auxiliary_pairs": 3, "auxiliary_epochs": 2}


def test_auxiliary_text_is_learned_from_in_the_first_epochs(tmp_path: Path) -> None:
    inputs = files(tmp_path, auxiliary=4)
    prepared = build_trainer(block(training=AUXILIARY), 1, inputs)
    assert prepared.sampler == AuxiliarySampler(train=5, auxiliary=4, drawn=3, epochs=2)
    assert len(prepared.train_data) == 9
    assert len(prepared.valid_data) == 2
    assert [len(prepared.sampler.indices(1, epoch)) for epoch in range(3)] == [8, 8, 5]
    # The auxiliary texts of the files follow those of the train split.
    assert prepared.train_data.batch([5]).source[0].tolist() == [4 + 7 % 5]

    trained, _, times = train(block(training=AUXILIARY), 3, inputs, tmp_path / "states", CODE, 9.0)
    plain, _, _ = train(
        block(training={"epochs": 3, "batch_size": 4}), 3, inputs, tmp_path, CODE, 9.0
    )
    assert times["epochs"] == 3
    assert any(not torch.equal(w, plain.tensors[n]) for n, w in trained.tensors.items())


def test_unused_auxiliary_text_changes_nothing(tmp_path: Path) -> None:
    with_text, without = (tmp_path / name for name in ("with", "without"))
    runs = []
    for folder, count in ((with_text, 4), (without, 0)):
        folder.mkdir()
        inputs = files(folder, auxiliary=count)
        runs.append(train(block(), 3, inputs, folder / "states", CODE, 9.0)[0])
    assert all(torch.equal(w, runs[1].tensors[n]) for n, w in runs[0].tensors.items())


def test_auxiliary_text_that_there_is_not_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'auxiliary', got none; .* auxiliary\.use: true"):
        build_trainer(block(training=AUXILIARY), 1, files(tmp_path))


def test_another_seed_draws_other_tags(tmp_path: Path) -> None:
    inputs = files(tmp_path, versions=True)
    drawn = [
        build_trainer(block(tag_versions=True), seed, inputs).model.encoder.embedding.weight
        for seed in (1, 1, 2)
    ]
    assert torch.equal(drawn[0], drawn[1])
    assert torch.equal(drawn[0][:9], drawn[2][:9])
    assert (drawn[0][9:] != drawn[2][9:]).all()
