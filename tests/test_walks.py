"""How many modules of the package one thing enters on its way."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from PIL import Image
from typer.testing import CliRunner

from tests.settings import defaults
from tests.test_cli import finish
from wordbridge.cli import app
from wordbridge.devise.head import Head
from wordbridge.devise.predictor import predict_images
from wordbridge.images.backbones import load_backbone
from wordbridge.images.efficientnet import EfficientNetLite
from wordbridge.images.feature_store import FeatureStore, write_shard
from wordbridge.images.features import extract_features
from wordbridge.images.listing import list_images
from wordbridge.images.table import read_bytes, read_images, write_images, write_shards
from wordbridge.nouns.table import CLASSES
from wordbridge.report.contact_sheet import result_tile, save_sheet
from wordbridge.search.build import image_rows, write_index
from wordbridge.search.index import nearest, read_index
from wordbridge.tensors import SavedModel, copy_weights, read_model, write_model

PACKAGE = Path(__file__).resolve().parents[1] / "workflow/scripts/wordbridge"
# Every path enters these: they read and write files and weights, and report errors and progress.
NOT_COUNTED = {"errors.py", "files.py", "tensors.py", "progress.py", "job.py"}


def modules_entered(call: Callable[[], Any]) -> set[str]:
    """Return the modules of the package whose functions run in ``call``."""
    entered: set[str] = set()

    def record(frame: FrameType, event: str, _: object) -> None:
        path = frame.f_code.co_filename
        if event == "call" and path.startswith(str(PACKAGE)):
            entered.add(Path(path).relative_to(PACKAGE).as_posix())

    call()  # imports run now
    sys.setprofile(record)
    threading.setprofile(record)
    try:
        call()
    finally:
        threading.setprofile(None)  # type: ignore[arg-type]
        sys.setprofile(None)
    return entered - NOT_COUNTED


def test_a_translated_sentence_enters_at_most_14_modules(tmp_path: Path) -> None:
    words = ["translate", "Où est la gare ?", "--results", str(finish(tmp_path))]

    def translate() -> None:
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output

    modules = modules_entered(translate)
    assert len(modules) <= 14, sorted(modules)
    assert {"cli.py", "translation/pipeline.py", "translation/attention.py"} <= modules


def saved_head(width: int, dim: int) -> SavedModel:
    """Return an untrained linear head with its ensemble, as the rule fit_ensemble writes it."""
    block = defaults("methods.*", "head") | {"head": {"hidden": [], "dropouts": [0]}}
    block["head"]["batch_norm"] = False
    block["classifier"] |= {"use": True}
    torch.manual_seed(5)
    head = copy_weights(Head(block["head"], width, dim))
    tensors = {f"head.{name}": value for name, value in head.items()} | {
        "class_vectors": torch.randn(CLASSES, dim),
        "known_classes": torch.ones(CLASSES, dtype=torch.bool),
        "photo_weights": torch.zeros(width),
        "photo_bias": torch.ones(1),
    }
    space = {"kind": "head", "space": "words", "classes": [], "seed": 1}
    settings = space | {"settings": block, "width": width, "outputs": dim}
    return SavedModel(tensors, settings)


def test_an_image_enters_at_most_15_modules_from_file_to_contact_sheet(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    Image.new("RGB", (40, 30), "#2244cc").save(tmp_path / "images/boat.png")
    torch.manual_seed(4)
    network = EfficientNetLite("efficientnet_lite0")
    torch.save(network.state_dict(), tmp_path / "weights")
    model = tmp_path / "model.safetensors", tmp_path / "settings.json"
    write_model(saved_head(1280, 5), *model)
    block = {"kind": "folder", "folder": str(tmp_path / "images"), "image_kind": "photo"}
    block |= {"split": "", "labels": "none"}
    hnsw = defaults("search.graph")
    cpu = torch.device("cpu")

    def search() -> None:
        images, _, _ = list_images("own", block, {}, [], tmp_path / "own.zip")
        write_images(tmp_path / "own.tsv", images)
        write_shards([tmp_path / "0.tsv"], read_images(tmp_path / "own.tsv"))
        shard = extract_features(
            read_images(tmp_path / "0.tsv"),
            read_bytes,
            load_backbone("efficientnet_lite0", tmp_path / "weights", None),
            {"pooling": "average", "precision": "float32", "batch_size": 1, "threads": 1},
            cpu,
        )
        write_shard(shard, tmp_path / "features.npy", tmp_path / "features.logits.npy")
        predictions = tmp_path / "predictions.npy", tmp_path / "predictions.json"
        store = FeatureStore([tmp_path / "features.npy"])
        predict_images(*predictions, store, read_model(*model), cpu, "head")
        files = {"images": [tmp_path / "own.tsv"], "features": [tmp_path / "features.tsv"]}
        files |= dict(zip(("predictions", "description"), predictions, strict=True))
        rows = image_rows({}, files)
        write_index(
            tmp_path / "search/images", *rows, {"index": "images", "word_vectors": "ab"}, hnsw
        )
        index = read_index(tmp_path / "search/images")
        (hit,) = nearest(index, index.vectors[0], 1)
        save_sheet(tmp_path / "sheet.png", [[result_tile(hit)]])

    modules = modules_entered(search)
    assert len(modules) <= 15, sorted(modules)
    assert {"images/listing.py", "devise/predictor.py", "report/contact_sheet.py"} <= modules
