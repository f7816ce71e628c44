"""Similarity of images and nouns: labelled images, the word space, scores block by block."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import Matrix, l2_normalize
from wordbridge.devise.predictions import WORDS, Predictions, read_predictions
from wordbridge.images.table import ImageRow, read_images
from wordbridge.nouns.hierarchy import Hierarchy
from wordbridge.nouns.matrix import read_noun_vectors
from wordbridge.nouns.table import Noun, lemma_text, read_nouns

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
_BLOCK = 1 << 24  # scores in memory at a time: 64 MB


@dataclass(frozen=True)
class WordSpace:
    """The nouns with a vector: ``vectors`` (nouns, dim) and ``synsets`` in the same order.

    ``nodes`` (nouns,) are their nodes in the ``hierarchy`` of all nouns. ``classes`` are the sorted
    rows of the nouns that are classes of the backbone.
    """

    vectors: Matrix
    synsets: list[str]
    nodes: Ints
    classes: Ints
    hierarchy: Hierarchy

    def name(self, node: int | np.integer) -> str:
        """Return the first lemma of the noun at a node of the hierarchy."""
        return lemma_text(self.hierarchy.nouns[node].lemmas[0])


def read_scored_data(files: Any) -> tuple[Predictions, list[ImageRow], WordSpace]:
    """Return predictions, the table of images and the word space from a job's named inputs."""
    return (
        read_predictions(files["predictions"], files["description"], files["rows"]),
        read_images(files["images"]),
        read_word_space(files["vectors"], files["words"], read_nouns(files["nouns"])),
    )


def read_word_space(vectors: str | Path, table: str | Path, nouns: Sequence[Noun]) -> WordSpace:
    """Return the word space of the matrix ``vectors`` (.npy) and the ``table`` of its rows (.tsv).

    Raises InputError when the two files do not belong together.
    """
    rows, matrix = read_noun_vectors(vectors, table)
    hierarchy = Hierarchy(nouns)
    synsets = [row.synset for row in rows]
    nodes = np.array([hierarchy.node_of[synset] for synset in synsets], np.int64)
    classes = np.flatnonzero([row.class_index is not None for row in rows])
    return WordSpace(matrix, synsets, nodes, classes, hierarchy)


@dataclass(frozen=True)
class LabelledImages:
    """Predicted images whose noun has a vector, sorted by noun.

    For each image: the row of its prediction in ``rows``, the row of its noun in the word space in
    ``nouns``, and its row of the table in ``images``.
    """

    rows: Ints
    nouns: Ints
    images: list[ImageRow]

    def __len__(self) -> int:
        return len(self.images)

    def where(self, condition: Callable[[ImageRow], bool]) -> Mask:
        """Return the mask (images,) of the images that meet ``condition``."""
        return np.array([condition(image) for image in self.images], bool)

    def select(self, mask: Mask) -> "LabelledImages":
        """Return the images in ``mask`` (images,)."""
        images = [self.images[index] for index in np.flatnonzero(mask)]
        return LabelledImages(self.rows[mask], self.nouns[mask], images)


def labelled_images(
    predicted: Sequence[tuple[str, str]], table: Sequence[ImageRow], synsets: Sequence[str]
) -> LabelledImages:
    """Return the ``predicted`` images, pairs (set, image), whose noun is among ``synsets``."""
    image_of = {(image.set, image.image): image for image in table}
    row_of = {synset: row for row, synset in enumerate(synsets)}
    images = [image_of[key] for key in predicted]
    labelled = [
        (row_of[image.synset], row) for row, image in enumerate(images) if image.synset in row_of
    ]
    nouns, rows = np.array(sorted(labelled), np.int64).reshape(-1, 2).T
    return LabelledImages(rows, nouns, [images[row] for row in rows])


@dataclass(frozen=True)
class NounScores:
    """Scores of nouns for images, computed on demand.

    A column is a class or a distinct word vector; homonyms share a vector and thus a column.
    ``column_of`` (nouns,) has the column of each noun, -1 for a noun that the method cannot
    predict; ``vectors`` are the columns' unit vectors (columns, dim), None where the predictions
    are scores already.
    """

    predictions: Predictions
    column_of: Ints
    vectors: Matrix | None

    @property
    def width(self) -> int:
        """Return the number of columns."""
        return self.predictions.values.shape[1] if self.vectors is None else len(self.vectors)

    def scores(self, rows: Ints, columns: Ints | slice = slice(None)) -> Matrix:
        """Return scores (rows, columns): cosines with word vectors, else the predictions.

        ``rows`` are rows of the predictions.
        """
        values = np.asarray(self.predictions.values[rows], np.float32)
        if self.vectors is None:
            return values[:, columns]
        return np.asarray(l2_normalize(values) @ self.vectors[columns].T, np.float32)


def noun_scores(predictions: Predictions, space: WordSpace) -> NounScores:
    """Return the scores of the nouns of ``space``."""
    if predictions.space != WORDS:
        column_of = {synset: column for column, synset in enumerate(predictions.classes)}
        columns = [column_of.get(synset, -1) for synset in space.synsets]
        return NounScores(predictions, np.array(columns, np.int64), None)
    numbers: dict[bytes, int] = {}  # columns by vector, in the order of the nouns
    columns = [numbers.setdefault(row.tobytes(), len(numbers)) for row in space.vectors]
    first = np.unique(columns, return_index=True)[1]
    return NounScores(predictions, np.array(columns, np.int64), l2_normalize(space.vectors[first]))


def blocks(count: int, width: int) -> Iterator[slice]:
    """Yield slices of ``count`` rows, so small that ``width`` scores per row fit into memory."""
    size = max(1, _BLOCK // max(1, width))
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))
