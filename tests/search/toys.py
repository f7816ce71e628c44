"""A small finished run to search in: nine nouns, seven images, words in two languages."""

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from wordbridge.arrays import save_matrix
from wordbridge.files import file_sha256, write_json
from wordbridge.images.table import ImageRow, write_images
from wordbridge.nouns.matrix import NounRow, write_noun_rows
from wordbridge.nouns.table import Noun, read_nouns, write_nouns
from wordbridge.search.build import index_rows, model_digests, write_index
from wordbridge.search.words import noun_words, write_words

DIM = 5
SETTINGS = {"index": "images", "method": "conse", "seed": 1}
GRAPH = {"M": 6, "ef_construction": 40, "ef_search": 30}
NOUNS = [
    ("n1", "entity", "", None),
    ("n2", "animal", "n1", None),
    ("n3", "dog|domestic_dog", "n2", 7),
    ("n4", "cat", "n2", None),
    ("n5", "vessel", "n1", None),
    ("n6", "boat", "n5", 2),
    ("n7", "sail", "n1", None),
    ("n8", "guinea_pig", "n2", 4),
    ("n9", "unheard_of", "n1", None),
]
VECTORS = {
    "entity": [1, 1, 1, 1, 1],
    "animal": [2, 2, 0, 0, 0],
    "dog": [4, 1, 0, 0, 0],
    "cat": [1, 4, 0, 0, 0],
    "vessel": [0, 0, 2, 2, 0],
    "boat": [0, 0, 4, 1, 0],
    "sail": [0, 0, 0, 3, 0],
    "guinea": [1, 0, 0, 0, 3],
    "pig": [0, 2, 0, 0, 3],
}
FRENCH = {"chien": "dog", "chat": "cat", "bateau": "boat", "voile": "sail"}
IMAGES = ["dog", "cat", "boat", "sail", "dog", "boat", "guinea_pig"]
SPLITS = ["train", "valid", "unseen", "", "valid", "train", "valid"]
COLOURS = {"dog": "#884400", "cat": "#888888", "boat": "#2244cc", "sail": "#eeeeee"}


def image_bytes(colour: str, size: tuple[int, int] = (24, 18)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def noun_vector(lemma: str) -> np.ndarray:
    return np.mean([VECTORS[word] for word in lemma.split("_")], axis=0)


def make_run(results: Path) -> Path:
    """Write nouns, images, predictions, words and indexes into the folder ``results``."""
    nouns = [
        Noun(synset, tuple(lemmas.split("|")), tuple(filter(None, [above])), number, "a gloss")
        for synset, lemmas, above, number in NOUNS
    ]
    write_nouns(results / "nouns/nouns.tsv", nouns)
    rows = [NounRow(n.synset, n.lemmas[0], "first exact", n.class_index) for n in nouns[:-1]]
    write_noun_rows(results / "nouns/vectors.tsv", rows)
    save_matrix(
        np.array([noun_vector(row.lemma) for row in rows], np.float32),
        results / "nouns/vectors.npy",
    )
    make_images(results)
    make_words(results)
    for index in ("classes", "nouns", "images"):
        settings = SETTINGS if index == "images" else {"index": index}
        folder = index_rows(settings, files_of(results))
        write_index(results / "search" / index, *folder, GRAPH)
    return results


def make_images(results: Path) -> None:
    synsets = {lemmas.split("|")[0]: synset for synset, lemmas, _, _ in NOUNS}
    french = {en: fr for fr, en in FRENCH.items()}
    table, order = [], []
    for number, (name, split) in enumerate(zip(IMAGES, SPLITS, strict=True)):
        path = results / f"files/{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image_bytes(COLOURS.get(name, "#00aa00")))
        fr_name = f"un {french[name]}" if name in french else ""
        known = (f"own/{number}.png", synsets[name], "photo", split, f"a {name}", fr_name)
        table.append(ImageRow("toy", *known, "", str(path), f"stamp{number}"))
        order.append(f"toy\town/{number}.png\tstamp{number}")
    write_images(results / "images/split.tsv", table)
    for shard, lines in enumerate((order[:3], order[3:])):
        path = results / f"features/toy/{shard}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("set\timage\tstamp\n" + "\n".join(lines) + "\n", encoding="utf-8")
    noise = np.random.default_rng(3).standard_normal((len(IMAGES), DIM)) / 10
    predicted = np.array([noun_vector(name) for name in IMAGES]) + noise
    save_matrix(predicted.astype(np.float32), results / "devise/conse/1/predictions.npy")
    write_json(
        results / "devise/conse/1/predictions.json",
        {"space": "words", "method": "conse", "classes": []},
    )


def make_words(results: Path) -> None:
    words = [
        word for word in noun_words(read_nouns(results / "nouns/nouns.tsv")) if word in VECTORS
    ]
    digest = file_sha256(results / "nouns/vectors.npy")
    english = np.array([VECTORS[word] for word in words], np.float32)
    write_words(results / "search/words/en", words, english, digest)
    french = np.array([VECTORS[word] for word in FRENCH.values()], np.float32)
    write_words(results / "search/words/fr", list(FRENCH), french, digest)


def files_of(results: Path) -> dict[str, object]:
    """Return the named files of the indexes of a run."""
    folder = results / "devise/conse/1"
    return {
        "nouns": results / "nouns/nouns.tsv",
        "vectors": results / "nouns/vectors.npy",
        "rows": results / "nouns/vectors.tsv",
        "images": [results / "images/split.tsv"],
        "features": [results / f"features/toy/{shard}.tsv" for shard in range(2)],
        "predictions": folder / "predictions.npy",
        "description": folder / "predictions.json",
        "model": [folder / "predictions.npy", folder / "predictions.json"],
    }


def write_network(results: Path) -> dict[str, object]:
    """Write a network and ConSE, which always predicts cat; return their part of config.json.

    The weights are two folders above the results.
    """
    import torch
    from torchvision import models  # takes some seconds

    from wordbridge.tensors import SavedModel, write_model

    weights = results.parents[1] / "weights"
    torch.manual_seed(4)
    torch.save(models.mobilenet_v3_small(weights=None).state_dict(), weights)
    tensors = {
        "class_vectors": torch.tensor([[1.0, 4, 0, 0, 0]]).repeat(1000, 1),
        "known_classes": torch.ones(1000, dtype=torch.bool),
    }
    described = {"kind": "conse", "space": "words", "classes": [], "seed": 1, "top": 3}
    folder = results / "devise/conse/1"
    files = [folder / "model.safetensors", folder / "settings.json"]
    write_model(SavedModel(tensors, described), *files)
    index = results / "search/images/index.json"
    read = json.loads(index.read_text(encoding="utf-8"))
    index.write_text(json.dumps(read | model_digests(*files)), encoding="utf-8")
    features = {"backbone": "mobilenet_v3_small", "short_side": None, "pooling": "average"}
    return {
        "features": features | {"precision": "float32"},
        "weights": {"weights": file_sha256(weights)},
    }
