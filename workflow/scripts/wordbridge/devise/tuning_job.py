"""One tuning job: from images, their features and nouns to tuned last blocks of a backbone.

As Frome et al. 2013 (section 3) train DeViSE: first the linear map alone, over a network that
stays as it is, then the map and the end of the network.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from wordbridge.devise.dataset import Points
from wordbridge.devise.frozen_maps import FrozenMaps
from wordbridge.devise.head import Kept, kept_weights
from wordbridge.devise.settings import Settings, settings_from
from wordbridge.devise.training import HeadTraining, Sources, Trained, look, prepare
from wordbridge.devise.tuned_backbone import cut_before
from wordbridge.devise.tuning import TunedHead, Tuning
from wordbridge.devise.views import ViewSettings
from wordbridge.images.backbones import Backbone
from wordbridge.images.features import Read
from wordbridge.tensors import load_weights
from wordbridge.training.checkpoint import exclusive, state_key
from wordbridge.training.device import choose_device

MAP = "map_"  # before the names of the settings that are for the map alone


def tune(
    block: Mapping[str, Any],
    sources: Sources,
    read: Read,
    backbone: Backbone,
    inputs: Sequence[str | Path],
    states: Path,
    code: Mapping[str, Any],
    save_seconds: float | None = None,
) -> Trained:
    """Return the last blocks of ``backbone`` after their training, continuing a broken-off one.

    ``block`` has backbone, pooling, tuning, augmentation, device and threads; the features in
    ``sources`` are those of the backbone as it is. The others are as for ``devise_job.train``.
    Raises InputError when another process runs the same training.
    """
    device = choose_device(block["device"], block["threads"])
    files = {f"{number:06d}": path for number, path in enumerate(inputs)}
    state = states / f"{state_key({'block': block, 'code': code}, files)}.safetensors"
    with exclusive(state):
        training = prepare_tuning(block, sources, read, backbone.to(device), state, save_seconds)
        before = look(training.head, training.valid, training.settings.loss, training.seen)
        tensors = blocks_of(training.run())
    description = {
        "kind": "backbone",
        **{key: block[key] for key in ("backbone", "short_side", "pooling")},
        "blocks": block["tuning"]["blocks"],
        "settings": dict(block["tuning"]),
        "parameters": sum(numbers.numel() for numbers in tensors.values()),
        "points": len(training.train_points),
        "before": dict(zip(("valid_loss", "valid_hit5"), before, strict=True)),
        "epochs": training.standing.epoch,
        "best_epoch": training.standing.best_epoch + 1,
    }
    return Trained(tensors, description, training.standing.epochs)


def prepare_tuning(
    block: Mapping[str, Any],
    sources: Sources,
    read: Read,
    backbone: Backbone,
    state: Path | None,
    save_seconds: float | None = None,
) -> Tuning:
    """Return the training of map and blocks, ready to run, after that of the map alone.

    Both keep their states, if there is a file ``state`` to do so. Raises InputError as
    ``devise_job.prepare`` does.
    """
    alone, together = (phase(block["tuning"], n).saving_every(save_seconds) for n in (MAP, ""))
    seed, own = block["tuning"]["seed"], state and state.with_suffix(".map.safetensors")
    first, _ = prepare(alone, seed, sources, backbone.mean.device, own)
    start = first.run()
    maps = frozen_maps(block, sources, read, backbone)
    torch.manual_seed(seed)  # the map's training may have been done by an earlier process
    training = second_phase(block, together, first, backbone, maps, state)
    load_weights(Kept(training.head), {**kept_weights(training.head), **start})
    return training


def phase(tuning: Mapping[str, Any], name: str) -> Settings:
    """Return the settings of the training of the map alone (``MAP``), or of map and blocks ("")."""
    training = {key: tuning[f"{name}{key}"] for key in ("epochs", "learning_rate")}
    training |= {key: tuning[key] for key in ("batch_size", "weight_decay")}
    training["freeze_statistics"] = None if name == MAP else 0
    head = {"hidden": [], "dropouts": [tuning["dropout"]]}
    blocks = {"head": head, "loss": tuning["loss"], "schedule": tuning["schedule"]}
    return settings_from({**blocks, "training": training})


def frozen_maps(
    block: Mapping[str, Any], sources: Sources, read: Read, backbone: Backbone
) -> tuple[FrozenMaps, FrozenMaps]:
    """Return the maps that are trained on, and those that are looked at: never of views."""
    first, _ = cut_before(backbone.body, block["tuning"]["blocks"])
    views = ViewSettings.parse(block["augmentation"]) if block["tuning"]["augment"] else None
    rows, images, threads = sources.store.images, sources.images, block["threads"]
    trained, looked_at = (
        FrozenMaps(rows, images, read, backbone, first, views=shown, threads=threads)
        for shown in (views, None)
    )
    return trained, looked_at


def second_phase(
    block: Mapping[str, Any],
    settings: Settings,
    first: HeadTraining,
    backbone: Backbone,
    maps: tuple[FrozenMaps, FrozenMaps],
    state: Path | None,
) -> Tuning:
    """Return the training that follows the ``first`` one, on the same images and nouns."""
    trained, looked_at = maps
    _, last = cut_before(backbone.body, block["tuning"]["blocks"])
    sizes = (first.train_points.store.width, first.seen.shape[1])
    head = TunedHead(settings.head, sizes, deepcopy(last), trained.shape, block["pooling"])
    return Tuning(
        head.to(first.device),
        settings,
        _seen_by(trained, first.train_points),
        (_seen_by(looked_at, first.fit), _seen_by(looked_at, first.valid)),
        first.seen,
        trained,
        seed=first.seed,
        state=state,
    )


def blocks_of(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the numbers of the blocks among those of a ``TunedHead``, by their names there."""
    own = "blocks/"
    return {n[len(own) :].replace("/", "."): t for n, t in weights.items() if n.startswith(own)}


def _seen_by(maps: FrozenMaps, points: Points) -> Points:
    return replace(points, store=maps, extra=np.zeros((0, maps.width), np.float32))
