"""One training job: from numbered texts and embeddings to a trained translator."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from wordbridge.corpus.batches import ParallelData, read_parallel
from wordbridge.corpus.curriculum import Curriculum
from wordbridge.corpus.ids import read_ids
from wordbridge.errors import InputError
from wordbridge.translation.checkpoint import exclusive, state_key
from wordbridge.translation.device import choose_device
from wordbridge.translation.settings import Settings, TrainingSettings, settings_from
from wordbridge.translation.training import Training
from wordbridge.translation.translator import Translator
from wordbridge.vectors.matrix_file import load_matrix


@dataclass(frozen=True)
class Trained:
    """What a training gives: weights, the JSON beside them, a row per epoch, and its times."""

    weights: dict[str, Tensor]
    description: dict[str, Any]
    epochs: list[dict[str, float]]
    times: dict[str, Any]


@dataclass(frozen=True)
class Prepared:
    """A model on its device and the data it is for."""

    model: Translator
    settings: Settings
    train: ParallelData
    valid: ParallelData
    curriculum: Curriculum


def prepare(block: Mapping[str, Any], seed: int, inputs: Mapping[str, str]) -> Prepared:
    """Return the untrained model of a variant's ``block`` and its data.

    ``block`` has variant, device and threads; ``inputs`` are fr_ids, en_ids, fr_embedding and
    en_embedding. Raises InputError when these do not belong together.
    """
    device = choose_device(block["device"], block["threads"])
    variant = block["variant"]
    settings = settings_from(variant)
    source, target = (
        _embedding(inputs, language) * settings.model.embedding_scale
        for language in variant["direction"].split("-")
    )
    first_tag = len(source) if variant["tag_versions"] else None
    train, valid, *others = (
        read_parallel(inputs["fr_ids"], inputs["en_ids"], part, variant["direction"], first_tag)
        for part in _parts(settings.training)
    )
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    if first_tag is not None:
        tags = torch.randn(len(train.target.versions), source.shape[1])
        source = torch.cat([source, tags * settings.model.embedding_scale])
    model = Translator(settings.model, source, target)
    return Prepared(
        model.to(device),
        settings,
        train.followed_by(*others),
        valid,
        _curriculum(settings.training, train, *others),
    )


def _parts(options: TrainingSettings) -> list[str]:
    return ["train", "valid", *["auxiliary"] * bool(options.auxiliary_pairs)]


def _curriculum(
    options: TrainingSettings, train: ParallelData, *others: ParallelData
) -> Curriculum:
    auxiliary = sum(map(len, others))
    return Curriculum(len(train), auxiliary, options.auxiliary_pairs, options.auxiliary_epochs)


def _embedding(inputs: Mapping[str, str], language: str) -> Tensor:
    """Return a language's matrix (words, width). Raises InputError when it lacks a word."""
    path, texts = inputs[f"{language}_embedding"], read_ids(inputs[f"{language}_ids"])
    matrix, highest = load_matrix(path), int(texts.ids.max(initial=0))
    if len(matrix) <= highest:
        raise InputError(
            f"{path}: expected rows for {highest + 1} words at least, got {len(matrix)}; "
            "build the embeddings again"
        )
    return torch.from_numpy(matrix)


def train(
    block: Mapping[str, Any],
    seed: int,
    inputs: Mapping[str, str],
    states: Path,
    code: Mapping[str, Any],
    save_seconds: float | None = None,
) -> Trained:
    """Return the translator of ``block`` trained with ``seed``, continuing a broken-off run.

    The state lives in ``states`` under a digest of all that the training depends on, ``code``
    among it. ``save_seconds``, how often it is saved, is no part of that; None takes the block's.
    Raises InputError when another process runs the same training.
    """
    key = state_key({"block": block, "seed": seed, "code": code}, inputs)
    state = states / f"{key}.safetensors"
    with exclusive(state):
        prepared = prepare(block, seed, inputs)
        training = Training(
            prepared.model,
            prepared.settings.saving_every(save_seconds),
            prepared.train,
            prepared.valid,
            seed=seed,
            state=state,
            curriculum=prepared.curriculum,
        )
        weights = training.run()
    standing = training.standing
    model = prepared.model
    tagged = prepared.train.first_tag is not None
    description = {
        "direction": block["variant"]["direction"],
        "target_versions": prepared.train.target.versions if tagged else [],
        "seed": seed,
        "settings": prepared.settings.as_dict(),
        "source": list(model.encoder.embedding.weight.shape),
        "target": list(model.decoder.embedding.weight.shape),
        "parameters": model.parameter_count(),
        "epochs": standing.epoch,
        "best_epoch": standing.best_epoch + 1,
    }
    times = {
        "train_seconds": round(standing.seconds, 3),
        "epochs": standing.epoch,
        "target_tokens_per_second": round(standing.tokens_per_second, 1),
        "device": training.optimisation.device.type,
        "threads": block["threads"],
    }
    return Trained(weights, description, standing.epochs, times)
