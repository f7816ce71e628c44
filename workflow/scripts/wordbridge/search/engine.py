"""Search in a finished run: for images or nouns, by words, a French question or an image.

torch and the translator are imported only by the searches that need them.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wordbridge.arrays import Matrix
from wordbridge.corpus.special_tokens import SPECIALS, UNK
from wordbridge.errors import InputError
from wordbridge.files import file_sha256, read_json
from wordbridge.images.table import PHOTO, ImageRow, read_bytes
from wordbridge.search.index import Hit, image_row, nearest, nearest_others, read_index
from wordbridge.search.queries import parse_query, query_vector
from wordbridge.search.words import WordTable, content_words, read_words
from wordbridge.text import clean


class SearchResult(NamedTuple):
    """The hits of a search, and for a French question its translation or the words instead."""

    hits: list[Hit]
    translation: str = ""
    words: str = ""


class SearchEngine:
    """Searches the indexes and word tables in the folder ``results``."""

    def __init__(self, results: Path) -> None:
        self._folder, self._results = results / "search", results
        if not self._folder.is_dir():
            got = "none" if results.is_dir() else "a file" if results.exists() else "no such folder"
            raise InputError(
                f"{results}: expected search indexes, got {got}; run snakemake first, or name "
                "the folder of another experiment with --results"
            )

    def by_words(
        self,
        query: str,
        index: str = "images",
        count: int = 10,
        french: bool = False,
        exact: bool = False,
    ) -> SearchResult:
        """Return the ``count`` rows of ``index`` nearest to ``query``.

        A French query that ends in a question mark is translated. The words of any other, and of a
        question that the translator cannot translate, are looked up among the aligned French words.
        Terms of an English sum are not among the nouns that it finds (as in Mikolov et al. 2013).
        Raises InputError for an unknown word, and for such a question without content words.
        """
        translation = content = ""
        if french and clean(query).rstrip().endswith("?"):
            translation, content = self._translate(query)
        words = read_words(self._folder / "words" / ("fr" if french and not translation else "en"))
        if translation:
            vector = question_vector(query, translation, words)
        else:
            vector = query_vector(content or query, words, french)
        target = read_index(self._folder / index, words.word_vectors)
        terms = [] if french else [" ".join(term).lower() for _, term in parse_query(query)]
        if index == "images" or len(terms) < 2:
            hits = nearest(target, vector, count, exact)
        else:
            hits = nearest_others(target, vector, count, lambda h: h.label.lower() in terms, exact)
        return SearchResult(hits, translation, content)

    def by_image(self, image: str, index: str, count: int, exact: bool = False) -> SearchResult:
        """Return the ``count`` rows of ``index`` nearest to an image, without the image itself.

        ``image`` is a file, or ``SET/IMAGE`` of one in the index, for which no model is needed.
        Raises InputError when it is neither, and when there are no other images.
        """
        images, file, label = read_index(self._folder / "images"), find_path(Path(image)), None
        if file is not None and file.is_file():
            vector = embed_image(file, self._results, images.description)
        else:
            row = image_row(images, image)
            label = images.label(row)
            (vector,) = images.row_vectors([row])
        target = images
        if index != "images":
            target = read_index(self._folder / index, images.description["word_vectors"])

        def is_query(hit: Hit) -> bool:
            return hit.columns == label if label else self._is_file(hit, file)

        # A file may be in the index under several names.
        hits = nearest_others(target, vector, count, is_query, exact)
        if not hits:
            raise InputError(f"{target.folder}: expected other images, got none; add some")
        return SearchResult(hits)

    def _is_file(self, hit: Hit, file: Path | None) -> bool:
        """Return whether a hit is the image in a file."""
        if not hit.file or hit.columns["archive"] or file is None:
            return False
        paths = candidate_paths(hit.file, self._results)
        return any(path.resolve() == file.resolve() for path in paths)

    def _translate(self, question: str) -> tuple[str, str]:
        """Return the translation and "", or "" and the question's content words.

        The latter if the translation has no content words, or the translator does not know those of
        the question. Raises InputError when the question has none either.
        """
        from wordbridge.progress import no_progress
        from wordbridge.training.device import choose_device
        from wordbridge.translation.pipeline import choose_run, read_pipeline

        run = choose_run(self._results)
        pipeline = read_pipeline(self._results, *run, choose_device("cpu", threads=1))
        if pipeline.language != "fr":
            raise InputError(
                f"{self._results}: expected a translator from fr, got one from "
                f"{pipeline.language}; train a variant of that direction"
            )
        with no_progress():
            (result,) = pipeline.translate([question])
        if result.error:
            raise InputError(f"question: {result.error}")
        unknown = content_words(" ".join(result.unknown), "fr", may_be_empty=True)
        if not unknown and question_words(result.translation):
            return result.translation, ""
        content = content_words(question, "fr", may_be_empty=True)
        if not content:
            raise InputError(
                f"question {question!r}: expected content words, got none; ask for a noun"
            )
        return "", " ".join(content)


def candidate_paths(path: str, results: Path) -> list[Path]:
    """Return the possible locations of a relative path that a job has recorded.

    The first is below the working folder, the others are below the folders above ``results``.
    """
    return [folder / path for folder in (Path(), *results.resolve().parents)]


def resolve_path(hit: Hit, results: Path) -> Hit:
    """Return a hit with the path of its existing file or archive, if it has one."""
    column = "archive" if hit.columns["archive"] else "member"
    path = next(filter(Path.is_file, candidate_paths(hit.columns[column], results)), None)
    return replace(hit, columns={**hit.columns, column: str(path)}) if path else hit


def find_path(path: Path) -> Path | None:
    """Return ``path`` if it exists, else a path equal but for the Unicode normal form, or None."""
    if path.exists():
        return path
    folder = find_path(path.parent)
    others = folder.iterdir() if folder and folder.is_dir() else ()
    return next((other for other in others if clean(other.name) == clean(path.name)), None)


def question_vector(question: str, translation: str, words: WordTable) -> Matrix:
    """Return the vector (dim) of a French question from its English translation.

    Raises InputError when a content word of the translation is unknown.
    """
    try:
        return query_vector(question_words(translation), words)
    except InputError as error:
        # Without the remedy of the error, which is for users who typed the words themselves.
        raise InputError(
            f"question {question!r}: expected a translation to search with, got {translation!r} "
            f"({str(error).partition(';')[0]}); ask with other words, or without the question mark"
        ) from None


def question_words(translation: str) -> str:
    """Return the content words of a translated question, without unknown-word tokens."""
    text = translation.replace(SPECIALS[UNK], " ")
    return " ".join(content_words(text, "en", may_be_empty=True))


def embed_image(image: Path, results: Path, source: Mapping[str, Any]) -> Matrix:
    """Return the vector (dim) that the indexed method of a run predicts for an image file.

    ``source`` is the description of the index of images, with method, seed and digests of the
    model. Raises InputError when the image cannot be decoded, or the run has no such model.
    """
    import torch

    from wordbridge.devise.predictor import load_predictor
    from wordbridge.search.build import model_digests
    from wordbridge.tensors import read_model

    folder = results / "devise" / str(source.get("method")) / str(source.get("seed"))
    files = folder / "model.safetensors", folder / "settings.json"
    digests = model_digests(*files) if files[0].is_file() else {}
    if not digests or not digests.items() <= source.items():
        got = f"{digests['model'][:12]} or other settings of it" if digests else "no file"
        raise InputError(
            f"{files[0]}: expected the model that predicted the indexed images "
            f"({str(source.get('model', 'unknown'))[:12]}), got {got}; run snakemake again, so "
            "that both are of one run, or name an image of the run as SET/IMAGE"
        )
    predict = load_predictor(read_model(*files), torch.device("cpu"))
    (vector,) = predict(*_features(image, results))
    return np.asarray(vector, np.float32)


def _features(image: Path, results: Path) -> tuple[Matrix, Matrix]:
    """Return features (1, width) and logits (1, classes) of a file with the settings of the run."""
    import torch

    from wordbridge.images.backbones import load_backbone
    from wordbridge.images.features import extract_features
    from wordbridge.progress import no_progress

    path, keys = results / "config.json", ("features", "weights")
    config = read_json(path, "the settings of a finished run", "run snakemake first", keys)
    features = config["features"]
    weights = find_weights(config["weights"], results)
    backbone = load_backbone(features["backbone"], weights, features["short_side"])
    settings = {**features, "batch_size": 1, "threads": 1}
    row = ImageRow("", image.name, "", PHOTO, "", "", "", "", str(image), "")
    with no_progress():
        shard = extract_features([row], read_bytes, backbone, settings, torch.device("cpu"))
    if shard.failures:
        raise InputError(
            f"{image}: expected an image, but {shard.failures[0][1]}; convert it first"
        )
    return np.asarray(shard.features, np.float32), np.asarray(shard.logits, np.float32)


def find_weights(weights: Mapping[str, str], results: Path) -> Path:
    """Return the file of ``weights`` {path: sha256}.

    Raises InputError when the file is missing or has another digest.
    """
    ((name, sha256),) = weights.items()
    path = next(filter(Path.is_file, candidate_paths(name, results)), None)
    if path is None or file_sha256(path) != sha256:
        raise InputError(
            f"{path or name}: expected the weights that the features were extracted with "
            f"({sha256[:12]}), got {'others' if path else 'no file'}; run snakemake again"
        )
    return path
