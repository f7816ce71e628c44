"""Synthetic sources of the image side: nouns, images, vectors, weights, and a configuration."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from PIL import Image
from torch import nn

from tests.mini_tree import ROOT
from wordbridge.images.efficientnet import EfficientNetLite
from wordbridge.images.labels import PHYSICAL
from wordbridge.images.packages import STAMPS

CONFIG, RESULTS = "toy.yaml", "results/toy"
SHARDS, DIM, FR_DIM, PER_NOUN = 2, 7, 5, 4
METHODS = {
    "conse": {"kind": "conse", "top": 2},
    "ridge": {"kind": "ridge", "lambdas": [0.01, 1.0]},
    "head": {
        "kind": "head",
        "head": {"hidden": [9]},
        "training": {"epochs": 1, "batch_size": 5, "patience": None},
    },
}
# Each noun and its hypernym; the words are everyday words, the tree is invented.
TREE = {
    "entity": "", "animal": "entity", "dog": "animal", "cat": "animal", "bird": "animal",
    "thing": "entity", "boat": "thing", "sail": "thing", "chair": "thing", "fruit": "thing",
    "apple": "fruit",
}  # fmt: skip
CLASSES = ["boat", "dog", "cat"]
IMAGED = [*CLASSES, "bird", "chair", "apple"]
FRENCH = dict(zip(IMAGED, ["bateau", "chien", "chat", "oiseau", "chaise", "pomme"], strict=True))


def data_noun() -> tuple[str, dict[str, str]]:
    """Return the nouns in the form of WordNet's data.noun, and their synsets."""
    # The first noun has the offset of WordNet's physical entity: names are looked up below it only.
    licence = "  1 Made up for a test.".ljust(int(PHYSICAL[1:]) - 1) + "\n"
    offsets = dict.fromkeys(TREE, 0)
    for _ in range(2):  # offsets have eight digits, so that the second time they are right
        text = licence
        for word, above in TREE.items():
            offsets[word] = len(text)
            pointers = [f"@ {offsets[above]:08d} n 0000"] if above else []
            pointers += [f"~ {offsets[w]:08d} n 0000" for w, up in TREE.items() if up == word]
            links = " ".join([f"{len(pointers):03d}", *pointers])
            text += f"{offsets[word]:08d} 03 n 01 {word} 0 {links} | a {word} in a test  \n"
    return text, {word: f"n{offset:08d}" for word, offset in offsets.items()}


def image(number: int) -> bytes:
    """Return an image of coloured squares of which no two are the same, as PNG."""
    squares = np.random.default_rng(number).integers(256, size=(3, 4, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(squares).resize((40, 30), Image.Resampling.NEAREST).save(file, "png")
    return file.getvalue()


def draw(path: Path, number: int) -> None:
    """Write an image."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(image(number))


def network() -> EfficientNetLite:
    """Return a network with random weights whose features differ from image to image."""
    torch.manual_seed(2)
    untrained = EfficientNetLite("efficientnet_lite0")
    for module in untrained.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0  # a single batch sets means and variances
    with torch.no_grad():
        untrained.train().features(2 * torch.rand(4, 3, 64, 64) - 1)
    return untrained.eval()


def write_vectors(path: Path, words: list[str], dim: int) -> None:
    """Write random vectors of ``words`` as text."""
    numbers = np.random.default_rng(1).standard_normal((len(words), dim)).round(4)
    lines = [" ".join([w, *map(str, row)]) for w, row in zip(words, numbers.tolist(), strict=True)]
    path.write_text("\n".join([f"{len(words)} {dim}", *lines, ""]), encoding="utf-8")


def write_sources(folder: Path) -> None:
    """Write all that the workflow reads: images, nouns, classes, vectors, weights, config."""
    text, synsets = data_noun()
    (folder / "data.noun").write_text(text, encoding="utf-8")
    listed = "".join(f"{synsets[word]}\n" for word in CLASSES)
    (folder / "classes.txt").write_text(listed, encoding="utf-8")
    write_vectors(folder / "toy.vec", list(TREE), DIM)
    torch.save(network().state_dict(), folder / "weights.pth")
    for number in range(PER_NOUN * len(IMAGED)):
        word = IMAGED[number // PER_NOUN]
        split = "train" if number % PER_NOUN else "val"
        draw(folder / f"images/{split}/{synsets[word]}/{word}_{number}.png", number)
    (folder / CONFIG).write_text(yaml.safe_dump(config()), encoding="utf-8")


def config() -> dict[str, Any]:
    """Return the test's configuration, which is merged into the default."""
    files = {
        "toy_nouns": "data.noun",
        "toy_classes": "classes.txt",
        "toy_vectors": "toy.vec",
        "toy_weights": "weights.pth",
    }
    return {
        "pathvars": {"results": RESULTS, "logs": "logs/toy"},
        "device": "cpu",
        "run": {"images": ["toy"], "methods": list(METHODS), "variants": ["all"], "seeds": [1]},
        "resources": resources(files),
        "wordnet": {"wordnet": "toy_nouns", "classes": "toy_classes"},
        "vectors": {"toy": {"kind": "text", "vec": "toy_vectors"}},
        "nouns": {"vectors": "toy"},
        "image_sets": {"toy": {"kind": "folder", "folder": "images"}},
        "features": {"weights": "toy_weights", "shards": SHARDS, "batch_size": 4},
        "methods": METHODS,
        "search": {
            "french_vectors": None,
            "examples": {
                "words_to_images": {"words": ["boat", "boat + sail", "dog - cat"]},
                "images_to_images": {"images": 2},
            },
        },
    }


def resources(files: Mapping[str, str]) -> dict[str, Any]:
    """Return the config's entries of files that lie in the folder."""
    return {name: {"locations": [{"local": path}]} for name, path in files.items()}


def options(folder: Path) -> list[str | Path]:
    return ["--configfile", ROOT / "config.yaml", folder / CONFIG]


# ---- With French names --------------------------------------------------------------------------


def write_french_sources(folder: Path) -> None:
    """Write images with names in both languages, as Tux Paint's stamps, and French vectors."""
    with tarfile.open(folder / "stamps.tar", "w") as package:
        for number, (english, french) in enumerate(FRENCH.items(), start=100):
            names = f"A {english}.\nfr.utf8=Un {french}.\n".encode()
            for ending, content in (("png", image(number)), ("txt", names)):
                member = tarfile.TarInfo(f"{STAMPS}toys/{english}.{ending}")
                member.size = len(content)
                package.addfile(member, io.BytesIO(content))
    write_vectors(folder / "french.vec", list(FRENCH.values()), FR_DIM)


def french_config() -> dict[str, Any]:
    """Return the keys that these sources add to ``config``."""
    files = {"toy_stamps": "stamps.tar", "toy_french": "french.vec"}
    return {
        "run": {"images": ["toy", "toy_stamps"]},
        "resources": resources(files),
        "vectors": {"toy_french": {"kind": "text", "vec": "toy_french"}},
        "image_sets": {"toy_stamps": {"kind": "stamps", "package": "toy_stamps"}},
        "search": {"french_vectors": "toy_french"},
    }
