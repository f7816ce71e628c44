"""Rows of the indexes: nouns from their tables, images from a method's predictions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wordbridge.arrays import Matrix
from wordbridge.devise.predictions import WORDS, read_predictions
from wordbridge.errors import InputError
from wordbridge.files import file_sha256
from wordbridge.images.table import ImageRow, read_images
from wordbridge.nouns.matrix import read_noun_vectors
from wordbridge.nouns.table import Noun, lemma_text, read_nouns

CLASSES, IMAGES = "classes", "images"  # the third index, of nouns, needs no case of its own

_COPIED = ("synset", "set", "image", "kind", "split", "archive", "member", "stamp")
_STEP = " < "


class NounLabel(NamedTuple):
    """The first lemma of a noun, and the same with its hypernyms up to the most general one."""

    label: str
    path: str


@dataclass(frozen=True, eq=False)
class IndexRows:
    """Vectors (rows, dim) of an index with a label each; ``source`` names what they come from."""

    vectors: Matrix
    labels: Sequence[Mapping[str, str]]
    source: Mapping[str, Any]


def index_rows(settings: Mapping[str, Any], files: Any) -> IndexRows:
    """Return the rows of an ``index`` (classes, nouns or images) from its named ``files``.

    All indexes need ``nouns``, ``vectors`` and ``rows``. Images also need ``images``, ``features``,
    ``predictions``, ``description`` (see ``image_rows``) and ``model`` (weights and settings), and
    ``method`` and ``seed`` in ``settings``.
    """
    index = settings["index"]
    labels = noun_labels(read_nouns(files["nouns"]))
    source = {"index": index, "word_vectors": file_sha256(files["vectors"])}
    if index == IMAGES:
        names = ("images", "features", "predictions", "description")
        rows = image_rows(labels, *(files[name] for name in names))
        method = {name: settings[name] for name in ("method", "seed")}
        source |= method | model_digests(*files["model"])
    else:
        rows = noun_rows(labels, files["vectors"], files["rows"], classes=index == CLASSES)
    return IndexRows(*rows, source)


def noun_rows(
    nouns: Mapping[str, NounLabel], vectors: str | Path, table: str | Path, classes: bool
) -> tuple[Matrix, list[dict[str, str]]]:
    """Return vectors and labels of all nouns with a vector, or of ImageNet's classes in order."""
    rows, matrix = read_noun_vectors(vectors, table)
    order = list(range(len(rows)))
    if classes:
        numbered = ((row.class_index, place) for place, row in enumerate(rows))
        order = [place for number, place in sorted(n for n in numbered if n[0] is not None)]
    labels = []
    for place in order:
        noun = nouns.get(rows[place].synset, NounLabel(rows[place].lemma, ""))
        labels.append({"synset": rows[place].synset, **noun._asdict()})
    return matrix[order], labels


def image_rows(
    nouns: Mapping[str, NounLabel],
    images: Sequence[str | Path],
    features: Sequence[str | Path],
    predictions: str | Path,
    description: str | Path,
) -> tuple[Matrix, list[dict[str, str]]]:
    """Return predicted vectors and labels of the images that are in the tables ``images``.

    ``features`` are the row tables of the feature shards, in the order of the predictions. Raises
    InputError when the files do not belong together, or the predictions are not word vectors.
    """
    predicted = read_predictions(predictions, description, features)
    if predicted.space != WORDS:
        raise InputError(
            f"{description}: expected predictions in the space {WORDS}, got {predicted.space}; "
            "search with a method that predicts word vectors, such as conse"
        )
    table = {(row.set, row.image): row for path in images for row in read_images(path)}
    rows = [row for row, key in enumerate(predicted.images) if key in table]
    labels = [image_label(table[predicted.images[row]], nouns) for row in rows]
    return np.asarray(predicted.values[rows]), labels


def image_label(image: ImageRow, nouns: Mapping[str, NounLabel]) -> dict[str, str]:
    """Return the label of an image: that of its noun, else its name, and where its file is."""
    noun = nouns.get(image.synset, NounLabel("", ""))
    label = noun.label or image.name or Path(image.image).stem
    return {"label": label, "path": noun.path} | {n: getattr(image, n) for n in _COPIED}


def model_digests(model: str | Path, settings: str | Path) -> dict[str, str]:
    """Return the digests of weights and settings by which a model is recognised."""
    return {"model": file_sha256(model), "model_settings": file_sha256(settings)}


def noun_labels(nouns: Iterable[Noun]) -> dict[str, NounLabel]:
    """Return the label of each synset; paths follow the first hypernym of each noun."""
    table = list(nouns)
    names = {noun.synset: lemma_text(noun.lemmas[0]) for noun in table}
    parents = {noun.synset: noun.hypernyms[0] for noun in table if noun.hypernyms}
    return {
        synset: NounLabel(name, _path(synset, names, parents)) for synset, name in names.items()
    }


def noun_words(nouns: Iterable[Noun]) -> list[str]:
    """Return the words of all lemmas, as spelled and in lower case, sorted."""
    lemmas = {lemma for noun in nouns for lemma in noun.lemmas}
    words = {word for lemma in lemmas for word in (lemma, *lemma.split("_")) if word}
    return sorted(words | {word.lower() for word in words})


def _path(synset: str, names: Mapping[str, str], parents: Mapping[str, str]) -> str:
    steps = [synset]
    while (parent := parents.get(steps[-1])) in names and parent not in steps:
        steps.append(str(parent))
    return _STEP.join(names[step] for step in steps)
