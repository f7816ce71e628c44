"""What people read about a noun: its first lemma, and the way up WordNet from it.

What stands in each index: nouns out of their tables, images out of a method's predictions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wordbridge.devise.predictions import WORDS, read_predictions
from wordbridge.errors import InputError
from wordbridge.files import file_sha256
from wordbridge.images.table import ImageRow, read_images
from wordbridge.nouns.matrix import read_noun_vectors
from wordbridge.nouns.table import Noun, lemma_text, read_nouns
from wordbridge.search.index import Vectors

_STEP = " < "


class NounLabel(NamedTuple):
    """The noun, and the noun with its hypernyms up to the most general one."""

    label: str
    path: str


def noun_labels(nouns: Iterable[Noun]) -> dict[str, NounLabel]:
    """Return the label of each synset; the path goes by the first hypernym of each noun."""
    table = list(nouns)
    names = {noun.synset: lemma_text(noun.lemmas[0]) for noun in table}
    above = {noun.synset: noun.hypernyms[0] for noun in table if noun.hypernyms}
    return {synset: NounLabel(name, _path(synset, names, above)) for synset, name in names.items()}


def noun_words(nouns: Iterable[Noun]) -> list[str]:
    """Return the words of all lemmas, as they are spelled and in lower case, sorted."""
    lemmas = {lemma for noun in nouns for lemma in noun.lemmas}
    words = {word for lemma in lemmas for word in (lemma, *lemma.split("_")) if word}
    return sorted(words | {word.lower() for word in words})


def _path(synset: str, names: Mapping[str, str], above: Mapping[str, str]) -> str:
    steps = [synset]
    while (parent := above.get(steps[-1])) in names and parent not in steps:
        steps.append(str(parent))
    return _STEP.join(names[step] for step in steps)


CLASSES, IMAGES = "classes", "images"  # the third index, nouns, is no special case

_COPIED = ("synset", "set", "image", "kind", "split", "archive", "member", "stamp")


@dataclass(frozen=True, eq=False)
class IndexRows:
    """The vectors (rows, dim) of an index, a label for each, and what they come from."""

    vectors: Vectors
    labels: Sequence[Mapping[str, str]]
    made_by: Mapping[str, Any]


def index_rows(settings: Mapping[str, Any], files: Any) -> IndexRows:
    """Return the rows of an ``index`` (classes, nouns or images) out of its named ``files``.

    For images ``settings`` also name the ``method`` and ``seed`` of the predictions. All have
    ``nouns``, ``vectors`` and ``rows`` (see noun_rows), images also ``images``,
    ``features``, ``predictions`` and ``description`` (see image_rows), and ``model`` (its numbers
    and its settings).
    """
    index = settings["index"]
    labels = noun_labels(read_nouns(files["nouns"]))
    if index == IMAGES:
        names = ("images", "features", "predictions", "description")
        made = image_rows(labels, *(files[name] for name in names))
    else:
        made = noun_rows(labels, files["vectors"], files["rows"], classes=index == CLASSES)
    method = {name: settings[name] for name in ("method", "seed") if name in settings}
    model = model_digests(*files["model"]) if files.get("model") else {}
    vectors = {"word_vectors": file_sha256(files["vectors"])}
    made_by = {"index": index, **vectors, **method, **model}
    return IndexRows(*made, made_by)


def model_digests(model: str | Path, settings: str | Path) -> dict[str, str]:
    """Return what tells a model that predicts vectors from others: digests of its two files."""
    return {"model": file_sha256(model), "model_settings": file_sha256(settings)}


def noun_rows(
    nouns: Mapping[str, NounLabel], vectors: str | Path, table: str | Path, classes: bool
) -> tuple[Vectors, list[dict[str, str]]]:
    """Return the nouns that have a vector, or only ImageNet's classes, in their order.

    ``vectors`` is the matrix of the nouns, ``table`` says which noun each row is.
    """
    rows, matrix = read_noun_vectors(vectors, table)
    numbered = [(row.class_index, place) for place, row in enumerate(rows)]
    kept = sorted((number, place) for number, place in numbered if number is not None)
    taken = [place for _, place in kept] if classes else list(range(len(rows)))
    labels = []
    for place in taken:
        noun = nouns.get(rows[place].synset, NounLabel(rows[place].lemma, ""))
        labels.append({"synset": rows[place].synset, **noun._asdict()})
    return matrix[taken], labels


def image_rows(
    nouns: Mapping[str, NounLabel],
    images: Sequence[str | Path],
    features: Sequence[str | Path],
    predictions: str | Path,
    description: str | Path,
) -> tuple[Vectors, list[dict[str, str]]]:
    """Return the images with the vectors that a method predicts for them.

    ``features`` are the tables of the features' shards, which together have a line for each row
    of ``predictions``; ``images`` say what each image is, and those that they no longer have
    are left out. Raises InputError when they do not fit, or the predictions are no word vectors.
    """
    made = read_predictions(predictions, description, features)
    if made.space != WORDS:
        raise InputError(
            f"{description}: expected predictions in the space {WORDS}, got {made.space}; "
            "search with a method that predicts word vectors, such as conse"
        )
    known = {(one.set, one.image): one for table in images for one in read_images(table)}
    taken = [row for row, key in enumerate(made.images) if key in known]
    labels = [image_label(known[made.images[row]], nouns) for row in taken]
    return np.asarray(made.values[taken]), labels


def image_label(image: ImageRow, nouns: Mapping[str, NounLabel]) -> dict[str, str]:
    """Return the columns that an index keeps of an image, called by its noun if it has one."""
    noun = nouns.get(image.synset, NounLabel("", ""))
    label = noun.label or image.name or Path(image.image).stem
    copied = {name: getattr(image, name) for name in _COPIED}
    return {"label": label, "path": noun.path} | copied
