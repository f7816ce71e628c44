"""Searches in a finished run: words or a picture in, nouns or pictures out."""

import io
from contextlib import redirect_stderr
from pathlib import Path
from typing import NamedTuple

from wordbridge.errors import InputError
from wordbridge.search.answers import Answer, answers, picture_row, without
from wordbridge.search.exact import Vectors
from wordbridge.search.folder import Index, read_index
from wordbridge.search.names import content_words
from wordbridge.search.query import parse, query_vector
from wordbridge.search.question_queries import question_vector
from wordbridge.search.words import read_words


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

    def by_picture(self, picture: str, index: str, count: int, exact: bool = False) -> Found:
        """Return the ``count`` rows of ``index`` nearest to a picture, not the picture itself.

        ``picture`` is a file, or ``SET/PICTURE`` of one in the index, for which no model is
        needed. Raises InputError when it is neither.
        """
        pictures = self._read("pictures")
        is_file = Path(picture).is_file()
        vector = (self._file_vector if is_file else _row_vector)(picture, pictures)
        target = pictures if index == "pictures" else self._like(index, pictures)
        found = answers(target, vector, count + (target is pictures), exact)
        is_asked = self._is_file if is_file else _is_named
        return Found(without(found, lambda one: is_asked(one, picture), count))

    def _file_vector(self, picture: str, pictures: Index) -> Vectors:
        from wordbridge.picturing import picture_vector  # it imports torch

        return picture_vector(Path(picture), self._results, pictures.description)

    def _is_file(self, answer: Answer, picture: str) -> bool:
        """Return whether an answer is the picture in a file.

        Relative places are those of the project, from here or from a folder above the results.
        """
        if not answer.place or answer.columns["archive"]:
            return False
        asked = Path(picture).resolve()
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
        from wordbridge.interpreter import read_interpreter  # it imports torch
        from wordbridge.trained import best_run, runs_out_of
        from wordbridge.translation.device import choose_device

        chosen = best_run(self._results, runs_out_of(self._results, "fr"))
        model = read_interpreter(self._results, *chosen, choose_device("cpu", threads=1))
        with redirect_stderr(io.StringIO()):  # a bar for one question says nothing
            return model.interpret([question])[0].translation


def _row_vector(picture: str, pictures: Index) -> Vectors:
    row = picture_row(pictures, picture)
    if row is None:
        raise InputError(
            f"{picture}: expected a picture file, or SET/PICTURE of one in the run, got "
            f"neither; {pictures.folder / 'labels.tsv'} has those of the run"
        )
    vector: Vectors = pictures.vectors[row]
    return vector


def _is_named(answer: Answer, picture: str) -> bool:
    return answer.name == picture


def without_stop_words(query: str) -> str:
    """Return a French query with only the words of each term that say something, if any does.

    Raises InputError for a sign without a word.
    """
    pieces = []
    for term in parse(query):
        words = content_words(" ".join(term.words), "fr") or term.words
        pieces += ["+" if term.sign > 0 else "-", *words]
    return " ".join(pieces).removeprefix("+ ")
