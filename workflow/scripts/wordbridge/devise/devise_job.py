"""One training job: from features, split and noun vectors to a trained head."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from wordbridge.devise.classifier_points import discriminant_points, scaled_points
from wordbridge.devise.devise_training import HeadTraining
from wordbridge.devise.feature_store import FeatureStore
from wordbridge.devise.fitted import Fitted
from wordbridge.devise.head import Head
from wordbridge.devise.head_settings import Settings, settings_from
from wordbridge.devise.labelled import Features, Floats, Ints, Labelled, seen_parts
from wordbridge.devise.noun_matrix import NounMatrix, read_noun_matrix
from wordbridge.devise.picture_table import Picture, read_pictures
from wordbridge.devise.targets import Points, classifier_of, label_numbers, of_pictures
from wordbridge.translation.checkpoint import exclusive, state_key
from wordbridge.translation.device import choose_device
from wordbridge.vectors.matrix_file import load_matrix

MOMENTS = 20_000  # pictures, evenly taken, that mean and covariance of the features are made of


NO_ROWS = np.zeros((0, 0), np.float32)


@dataclass(frozen=True)
class Sources:
    """What a head is trained on: features, the split's pictures, nouns, the classifier's rows."""

    store: Features
    pictures: Sequence[Picture]
    nouns: NounMatrix
    classifier_rows: Floats = field(default_factory=NO_ROWS.copy)


def read_sources(
    features: Sequence[str | Path],
    pictures: str | Path,
    vectors: str | Path,
    nouns: str | Path,
    classifier: str | Path | None = None,
) -> Sources:
    """Return what a rule's input files hold, without a ``classifier`` no rows of it.

    Raises InputError when a file is damaged, or the files do not belong together.
    """
    return Sources(
        FeatureStore.open(features),
        read_pictures(pictures),
        read_noun_matrix(vectors, nouns),
        NO_ROWS if classifier is None else load_matrix(classifier),
    )


def training_points(
    sources: Sources, train: Labelled, variant: Settings, asks_conse: bool
) -> tuple[Points, Ints]:
    """Return all points of the ``train`` part, and the rows of the nouns that are seen."""
    nouns, store, settings = sources.nouns, sources.store, variant.targets
    if not settings.unlabelled:
        train = train.with_noun()
    weights = np.where(train.photos, np.float32(settings.photo_weight), np.float32(1))
    extra, extra_nouns = np.zeros((0, store.width), np.float32), np.zeros(0, np.int64)
    if settings.classifier_weight > 0:
        known = np.flatnonzero(nouns.known_classes)
        some, rows = train.with_noun().thinned(MOMENTS), sources.classifier_rows[known]
        features = store.features(some.rows)
        if settings.classifier_features == "scaled":
            extra = scaled_points(rows, features)
        else:
            extra = discriminant_points(rows, features, some.nouns)
        extra_nouns = nouns.class_rows[known]
    rows_of = np.concatenate([train.nouns, extra_nouns])
    more = np.full(len(extra), np.float32(settings.classifier_weight))
    seen = np.unique(rows_of[rows_of >= 0])
    classifier = classifier_of(nouns, settings.conse_top) if asks_conse else None
    points = Points(
        store,
        nouns,
        train.rows,
        extra,
        rows_of,
        np.concatenate([weights, more]),
        label_numbers(nouns, seen),
        settings.distillation,
        classifier,
    )
    return points, seen


def _asks_conse(settings: Settings) -> bool:
    targets = settings.targets
    return targets.distillation > 0 or targets.unlabelled


def prepare(
    settings: Settings, seed: int, sources: Sources, device: torch.device, state: Path | None
) -> tuple[HeadTraining, list[str]]:
    """Return the training of the untrained head, and the synsets of the nouns that are seen.

    Raises InputError when the inputs do not belong together or a part is empty.
    """
    train, valid = seen_parts(sources.store, sources.pictures, sources.nouns)
    asks = _asks_conse(settings)
    points, seen = training_points(sources, train, settings, asks)
    like_valid = train.with_noun().thinned(len(valid))
    fit, held = (
        of_pictures(sources.store, sources.nouns, part, points.label_of, points.classifier)
        for part in (like_valid, valid)
    )
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    vectors = torch.from_numpy(sources.nouns.vectors[seen])
    outputs = len(seen) if settings.loss.kind == "softmax" else vectors.shape[1]
    head = Head(settings.head, sources.store.width, outputs).to(device)
    training = HeadTraining(head, settings, points, (fit, held), vectors, seed=seed, state=state)
    return training, [sources.nouns.synsets[row] for row in seen]


@dataclass(frozen=True)
class Trained(Fitted):
    """A trained head and a row per epoch."""

    epochs: list[dict[str, float]]


def train(
    block: Mapping[str, Any],
    seed: int,
    sources: Sources,
    inputs: Sequence[str | Path],
    states: Path,
    code: Mapping[str, Any],
    save_seconds: float | None = None,
) -> Trained:
    """Return the head of ``block`` trained with ``seed``, continuing a broken-off run.

    ``block`` has variant, device and threads; ``inputs`` are the files that ``sources`` were read
    from. The state lives in ``states`` under a digest of all that the training depends on,
    ``code`` among it. ``save_seconds``, how often it is saved, is no part of that; None takes the
    block's. Raises InputError when another process runs the same training.
    """
    device = choose_device(block["device"], block["threads"])
    settings = settings_from(block["variant"])
    files = {f"{number:06d}": path for number, path in enumerate(inputs)}
    key = state_key({"block": block, "seed": seed, "code": code}, files)
    state = states / f"{key}.safetensors"
    with exclusive(state):
        paced = settings.saving_every(save_seconds)
        training, seen = prepare(paced, seed, sources, device, state)
        weights = training.run()
    standing, scores = training.standing, settings.loss.kind == "softmax"
    description = {
        "kind": "head",
        "space": "classes" if scores else "words",
        "classes": seen if scores else [],
        "seed": seed,
        "settings": settings.as_dict(),
        "width": sources.store.width,
        "outputs": len(seen) if scores else sources.nouns.vectors.shape[1],
        "parameters": sum(p.numel() for p in training.head.parameters()),
        "points": len(training.train_points),
        "epochs": standing.epoch,
        "best_epoch": standing.best_epoch + 1,
    }
    tensors = {f"head.{name}": value for name, value in weights.items()}
    return Trained(tensors, description, standing.epochs)
