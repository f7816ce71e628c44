"""A picture of one's own as a vector among the words, by the network and method of a run."""

import io
from collections.abc import Mapping
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import numpy as np
import torch

from wordbridge.devise.backbones import load_backbone
from wordbridge.devise.extraction import Plan, extract
from wordbridge.devise.feature_store import Shard
from wordbridge.devise.fitted import read_fitted
from wordbridge.devise.picture_table import PHOTO, Picture, read_bytes
from wordbridge.devise.prediction import predictor_of
from wordbridge.devise.tuned_backbone import tuned_backbone
from wordbridge.errors import InputError
from wordbridge.search.exact import Vectors
from wordbridge.search.picture_usage import find_tuned, find_weights, read_usage
from wordbridge.search.rows import model_digests


def picture_vector(picture: Path, results: Path, made_by: Mapping[str, Any]) -> Vectors:
    """Return the vector (dim) that the run predicts for the picture in a file.

    ``made_by`` describes the index of pictures: it names the method and seed. Raises InputError
    when there is no such picture, it cannot be decoded, or the run has no such model or another
    than made the index.
    """
    folder = results / "devise" / str(made_by.get("method")) / str(made_by.get("seed"))
    model, settings = folder / "model.safetensors", folder / "settings.json"
    if not model.is_file():
        raise InputError(
            f"{model}: expected the model that made the index of pictures, got no file; "
            "run snakemake first, or name a picture of the run as SET/PICTURE"
        )
    _check_model(model, settings, made_by)
    predictor = predictor_of(read_fitted(model, settings), torch.device("cpu"))
    shard = _features(picture, results, made_by)
    features = np.asarray(shard.features, np.float32)
    (vector,) = predictor.says(features, np.asarray(shard.logits, np.float32))
    return np.asarray(vector, np.float32)


def _check_model(model: Path, settings: Path, made_by: Mapping[str, Any]) -> None:
    digests = model_digests(model, settings)
    if any(made_by.get(name) != digest for name, digest in digests.items()):
        raise InputError(
            f"{model}: expected the model that made the index of pictures "
            f"({str(made_by.get('model', 'unknown'))[:12]}), got {digests['model'][:12]} or other "
            "settings of it; run snakemake again, so that both are of one run"
        )


def _features(picture: Path, results: Path, made_by: Mapping[str, Any]) -> Shard:
    """Return the features of one file, made as those of the run."""
    usage = read_usage(results / "search" / "picture_usage.json")
    plain = load_backbone(usage.backbone, find_weights(usage, results), usage.short_side)
    backbone = tuned_backbone(plain, find_tuned(usage, results, made_by))
    plan = Plan(torch.device("cpu"), usage.pooling, usage.precision, batch_size=1)
    asked = Picture("", picture.name, "", PHOTO, "", "", "", "", str(picture), "")
    with redirect_stderr(io.StringIO()):  # a bar for one picture says nothing
        shard = extract([asked], read_bytes, backbone, plan)
    if shard.failures:
        raise InputError(
            f"{picture}: expected a picture, but {shard.failures[0][1]}; convert it first"
        )
    return shard
