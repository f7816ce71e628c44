"""Rows of the indexes: nouns from their tables, images from a method's predictions."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wordbridge.arrays import Matrix
from wordbridge.devise.predictions import WORDS, read_predictions
from wordbridge.errors import InputError
from wordbridge.files import file_sha256
from wordbridge.images.table import read_images
from wordbridge.nouns.matrix import read_noun_vectors
from wordbridge.nouns.table import Noun, lemma_text, read_nouns
from wordbridge.search.index import STEP

_COPIED = ("synset", "set", "image", "kind", "split", "archive", "member", "stamp")


def index_rows(
    settings: Mapping[str, Any], files: Any
) -> tuple[Matrix, list[dict[str, str]], dict[str, Any]]:
    """Return vectors (rows, dim) of an ``index`` (classes, nouns or images), labels and source.

    The source names what the rows come from: the index, its method and digests of its ``files``.
    All indexes need ``nouns``, ``vectors`` and ``rows``. Images also need ``images``, ``features``,
    ``predictions``, ``description`` (see ``image_rows``) and ``model`` (weights and settings), and
    ``method`` and ``seed`` in ``settings``.
    """
    index = settings["index"]
    labels = noun_labels(read_nouns(files["nouns"]))
    source = {"index": index, "word_vectors": file_sha256(files["vectors"])}
    if index != "images":
        rows = _noun_rows(labels, files["vectors"], files["rows"], classes=index == "classes")
        return *rows, source
    names = ("images", "features", "predictions", "description")
    rows = image_rows(labels, *(files[name] for name in names))
    method = {name: settings[name] for name in ("method", "seed")}
    return *rows, source | method | model_digests(*files["model"])


def image_rows(
    nouns: Mapping[str, Mapping[str, str]],
    images: Sequence[str | Path],
    features: Sequence[str | Path],
    predictions: str | Path,
    description: str | Path,
) -> tuple[Matrix, list[dict[str, str]]]:
    """Return predicted vectors and labels of the images that are in the tables ``images``.

    The label of an image is that of its noun, else its name. ``features`` are the row tables of
    the feature shards, in the order of the predictions. Raises InputError when the files do not
    belong together, or the predictions are not word vectors.
    """
    predicted = read_predictions(predictions, description, features)
    if predicted.space != WORDS:
        raise InputError(
            f"{description}: expected predictions in the space {WORDS}, got {predicted.space}; "
            "search with a method that predicts word vectors, such as conse"
        )
    table = {(row.set, row.image): row for path in images for row in read_images(path)}
    rows = [row for row, key in enumerate(predicted.images) if key in table]
    labels = []
    for image in (table[predicted.images[row]] for row in rows):
        label = image.name or Path(image.image).stem
        columns = {name: getattr(image, name) for name in _COPIED}
        labels.append({"label": label, **nouns.get(image.synset, {}), **columns})
    return np.asarray(predicted.values[rows]), labels


def model_digests(model: str | Path, settings: str | Path) -> dict[str, str]:
    """Return the digests of weights and settings by which a model is recognised."""
    return {"model": file_sha256(model), "model_settings": file_sha256(settings)}


def noun_labels(nouns: Iterable[Noun]) -> dict[str, dict[str, str]]:
    """Return ``label`` (first lemma) and ``path`` (with its first hypernyms) of each synset."""
    table = {noun.synset: noun for noun in nouns}
    labels = {}
    for synset in table:
        steps = [synset]
        while hypernyms := table[steps[-1]].hypernyms:
            steps.append(hypernyms[0])
        names = [lemma_text(table[step].lemmas[0]) for step in steps]
        labels[synset] = {"label": names[0], "path": STEP.join(names)}
    return labels


def _noun_rows(
    nouns: Mapping[str, Mapping[str, str]], vectors: str | Path, table: str | Path, classes: bool
) -> tuple[Matrix, list[dict[str, str]]]:
    """Return vectors and labels of all nouns with a vector, or of ImageNet's classes in order."""
    rows, matrix = read_noun_vectors(vectors, table)
    order = list(range(len(rows)))
    if classes:
        numbered = ((row.class_index, place) for place, row in enumerate(rows))
        order = [place for number, place in sorted(n for n in numbered if n[0] is not None)]
    labels = []
    for row in (rows[place] for place in order):
        noun = nouns.get(row.synset, {"label": row.lemma})
        labels.append({"synset": row.synset, **noun})
    return matrix[order], labels
