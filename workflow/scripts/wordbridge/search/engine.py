"""How the images of a run became features, for images that come later.

An image of one's own as a vector among the words, by the network and method of a run.

What a question is searched with once it is translated.

Searches in a finished run: words or an image in, nouns or images out.
"""

import io
import json
from collections.abc import Mapping
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from wordbridge.corpus.special_tokens import SPECIALS, UNK
from wordbridge.devise.predictions import predictor_of
from wordbridge.errors import InputError
from wordbridge.files import atomic_write, file_sha256, read_json
from wordbridge.images.backbones import load_backbone
from wordbridge.images.feature_store import Shard
from wordbridge.images.features import Plan, extract
from wordbridge.images.table import PHOTO, ImageRow, read_bytes
from wordbridge.search.index import Index, Vectors, read_index
from wordbridge.search.queries import parse, query_vector
from wordbridge.search.results import Answer, answers, image_row, without
from wordbridge.search.rows import model_digests
from wordbridge.search.words import WordTable, content_words, read_words
from wordbridge.tensors import read_model


@dataclass(frozen=True)
class ImageUsage:
    """The network, its file of weights, and how its features are made (see devise/extraction).

    ``short_side`` in pixels is None where the network's own is meant.
    """

    backbone: str
    short_side: int | None
    pooling: str
    precision: str
    weights: str
    weights_sha256: str


def write_usage(path: str | Path, settings: Mapping[str, Any], weights: str | Path) -> None:
    """Write what ``settings`` say of features, and which file of ``weights`` made them."""
    names = ("backbone", "short_side", "pooling", "precision")
    chosen = {name: settings[name] for name in names}
    usage = {**chosen, "weights": str(weights), "weights_sha256": file_sha256(weights)}
    with atomic_write(path) as partial:
        text = json.dumps(usage, indent=1) + "\n"
        partial.write_text(text, encoding="utf-8", newline="\n")


def read_usage(path: str | Path) -> ImageUsage:
    """Return what ``write_usage`` wrote. Raises InputError when it is missing or damaged."""
    found = read_json(path, "how images become features", "run snakemake first")
    try:
        return ImageUsage(**found)
    except TypeError as error:
        raise InputError(
            f"{path}: expected how images become features, got {error}; run snakemake first"
        ) from error


def find_weights(usage: ImageUsage, results: Path) -> Path:
    """Return the file of weights, looked for from here and from the folders above ``results``.

    Raises InputError when it is not there, or is another file.
    """
    for folder in (Path(), *results.resolve().parents):
        found = folder / usage.weights
        if found.is_file():
            if file_sha256(found) != usage.weights_sha256:
                raise InputError(
                    f"{found}: expected the weights that made the features "
                    f"({usage.weights_sha256[:12]}), got others; run snakemake again"
                )
            return found
    raise InputError(
        f"{usage.weights}: expected the weights of {usage.backbone}, got no file; "
        "run snakemake again, it fetches them"
    )


def image_vector(image: Path, results: Path, made_by: Mapping[str, Any]) -> Vectors:
    """Return the vector (dim) that the run predicts for the image in a file.

    ``made_by`` describes the index of images: it names the method and seed. Raises InputError
    when there is no such image, it cannot be decoded, or the run has no such model or another
    than made the index.
    """
    folder = results / "devise" / str(made_by.get("method")) / str(made_by.get("seed"))
    model, settings = folder / "model.safetensors", folder / "settings.json"
    if not model.is_file():
        raise InputError(
            f"{model}: expected the model that made the index of images, got no file; "
            "run snakemake first, or name an image of the run as SET/IMAGE"
        )
    _check_model(model, settings, made_by)
    predictor = predictor_of(read_model(model, settings), torch.device("cpu"))
    shard = _features(image, results)
    features = np.asarray(shard.features, np.float32)
    (vector,) = predictor.says(features, np.asarray(shard.logits, np.float32))
    return np.asarray(vector, np.float32)


def _check_model(model: Path, settings: Path, made_by: Mapping[str, Any]) -> None:
    digests = model_digests(model, settings)
    if any(made_by.get(name) != digest for name, digest in digests.items()):
        raise InputError(
            f"{model}: expected the model that made the index of images "
            f"({str(made_by.get('model', 'unknown'))[:12]}), got {digests['model'][:12]} or other "
            "settings of it; run snakemake again, so that both are of one run"
        )


def _features(image: Path, results: Path) -> Shard:
    """Return the features of one file, made as those of the run."""
    usage = read_usage(results / "search" / "image_usage.json")
    backbone = load_backbone(usage.backbone, find_weights(usage, results), usage.short_side)
    plan = Plan(torch.device("cpu"), usage.pooling, usage.precision, batch_size=1)
    asked = ImageRow("", image.name, "", PHOTO, "", "", "", "", str(image), "")
    with redirect_stderr(io.StringIO()):  # a bar for one image says nothing
        shard = extract([asked], read_bytes, backbone, plan)
    if shard.failures:
        raise InputError(
            f"{image}: expected an image, but {shard.failures[0][1]}; convert it first"
        )
    return shard


def words_of(translation: str) -> str:
    """Return the words of an English question that say something, "" if there are none."""
    return " ".join(content_words(translation.replace(SPECIALS[UNK], " "), "en"))


def question_vector(question: str, translation: str, words: WordTable) -> Vectors:
    """Return the vector (dim) that a question is searched with, by its translation.

    Raises InputError with both when the translation cannot be searched with.
    """
    said = words_of(translation)
    try:
        return query_vector(said, words)
    except InputError as error:
        # What it advises is meant for who chose the words, and nobody here did.
        reason = f" ({str(error).partition(';')[0]})" if said else ""
        raise InputError(
            f"question {question!r}: expected a translation to search with, got {translation!r}"
            f"{reason}; ask with other words, or without the question mark"
        ) from None


class Found(NamedTuple):
    """What a search found, and the translation that it went by, "" where nothing was translated."""

    answers: list[Answer]
    translation: str = ""


class Search:
    """The indexes and words in the folder ``results``, read when they are asked for."""

    def __init__(self, results: Path) -> None:
        self._folder = results / "search"
        self._results = results
        if not self._folder.is_dir():
            got = "none" if results.is_dir() else "a file" if results.exists() else "no such folder"
            raise InputError(
                f"{results}: expected search indexes, got {got}; run snakemake first, or name "
                "the folder of another experiment with --results"
            )

    def by_words(
        self, query: str, index: str, count: int, french: bool = False, exact: bool = False
    ) -> Found:
        """Return the ``count`` rows of ``index`` nearest to what ``query`` says.

        A French query that ends in a question mark goes through the translator, any other
        through the aligned words. Raises InputError for an unknown word, and for a question whose
        translation has one or says nothing.
        """
        asks = french and query.rstrip().endswith("?")
        words = read_words(self._folder / "words" / ("fr" if french and not asks else "en"))
        translation = self._translation(query) if asks else ""
        if asks:
            vector = question_vector(query, translation, words)
        else:
            vector = query_vector(without_stop_words(query) if french else query, words)
        found = answers(self._read(index, words.word_vectors), vector, count, exact)
        return Found(found, translation)

    def by_image(self, image: str, index: str, count: int, exact: bool = False) -> Found:
        """Return the ``count`` rows of ``index`` nearest to an image, not the image itself.

        ``image`` is a file, or ``SET/IMAGE`` of one in the index, for which no model is
        needed. Raises InputError when it is neither.
        """
        images = self._read("images")
        is_file = Path(image).is_file()
        vector = (self._file_vector if is_file else _row_vector)(image, images)
        target = images if index == "images" else self._like(index, images)
        found = answers(target, vector, count + (target is images), exact)
        is_asked = self._is_file if is_file else _is_named
        return Found(without(found, lambda one: is_asked(one, image), count))

    def _file_vector(self, image: str, images: Index) -> Vectors:
        pass  # it imports torch

        return image_vector(Path(image), self._results, images.description)

    def _is_file(self, answer: Answer, image: str) -> bool:
        """Return whether an answer is the image in a file.

        Relative places are those of the project, from here or from a folder above the results.
        """
        if not answer.place or answer.columns["archive"]:
            return False
        asked = Path(image).resolve()
        folders = (Path(), *self._results.resolve().parents)
        return any((folder / answer.place).resolve() == asked for folder in folders)

    def _like(self, index: str, other: Index) -> Index:
        return self._read(index, other.description["word_vectors"])

    def _read(self, index: str, word_vectors: str | None = None) -> Index:
        read = read_index(self._folder / index, word_vectors)
        got = read.description.get("index")
        if got != index:
            raise InputError(
                f"{read.folder}: expected the index of {index}, got that of {got}; put the folders "
                "back, or run snakemake again"
            )
        return read

    def _translation(self, question: str) -> str:
        from wordbridge.training.device import choose_device
        from wordbridge.translation.pipeline import (
            best_run,
            read_interpreter,  # it imports torch
            runs_out_of,
        )

        chosen = best_run(self._results, runs_out_of(self._results, "fr"))
        model = read_interpreter(self._results, *chosen, choose_device("cpu", threads=1))
        with redirect_stderr(io.StringIO()):  # a bar for one question says nothing
            return model.interpret([question])[0].translation


def _row_vector(image: str, images: Index) -> Vectors:
    row = image_row(images, image)
    if row is None:
        raise InputError(
            f"{image}: expected an image file, or SET/IMAGE of one in the run, got "
            f"neither; {images.folder / 'labels.tsv'} has those of the run"
        )
    vector: Vectors = images.vectors[row]
    return vector


def _is_named(answer: Answer, image: str) -> bool:
    return answer.name == image


def without_stop_words(query: str) -> str:
    """Return a French query with only the words of each term that say something, if any does.

    Raises InputError for a sign without a word.
    """
    pieces = []
    for term in parse(query):
        words = content_words(" ".join(term.words), "fr") or term.words
        pieces += ["+" if term.sign > 0 else "-", *words]
    return " ".join(pieces).removeprefix("+ ")
