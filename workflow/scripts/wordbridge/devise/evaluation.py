"""What is asked about the images: which images, and among which nouns.

How well each noun suits each image, block by block.

The scores of every single image on one question.

How well words find their images (text to image).

The nouns that have a word vector, and their places in WordNet.

All scores of one method and seed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import l2_normalize
from wordbridge.devise.metrics import (
    Candidates,
    Steps,
    best_bundles,
    correct_radii,
    finite_or_none,
    hierarchical_precision,
    hits,
    mean_ranks,
    precision_and_rank,
)
from wordbridge.devise.predictions import WORDS, Predictions
from wordbridge.errors import InputError
from wordbridge.images.table import PHOTO, TEST, TRAIN, UNSEEN, VALID, ImageRow
from wordbridge.nouns.hierarchy import Hierarchy
from wordbridge.nouns.matrix import read_noun_vectors
from wordbridge.nouns.table import Noun, lemma_text
from wordbridge.progress import progress

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
EVERY = "all"  # sets or kinds together


@dataclass(frozen=True)
class Labelled:
    """Images whose noun is known and has a vector.

    ``rows`` are their rows in the predictions, ``nouns`` the rows of their nouns among the word
    vectors, ``images`` what the table says. Sorted by noun.
    """

    rows: Ints
    nouns: Ints
    images: list[ImageRow]

    def __len__(self) -> int:
        return len(self.images)

    def where(self, holds: Callable[[ImageRow], bool]) -> Mask:
        """Return for which images ``holds`` is true."""
        return np.array([holds(image) for image in self.images], bool)

    def only(self, mask: Mask) -> "Labelled":
        """Return the images in ``mask``."""
        chosen = np.flatnonzero(mask)
        kept = [self.images[number] for number in chosen]
        return Labelled(self.rows[chosen], self.nouns[chosen], kept)


class Question(NamedTuple):
    """Images (a mask), and the nouns (rows of the vectors) among which theirs is looked for."""

    candidates: str
    asked: Mask
    nouns: Ints


class Group(NamedTuple):
    """Images whose scores make one row: ``chosen`` are their places."""

    set: str
    kind: str
    split: str
    chosen: Ints


def labelled(
    predicted: Sequence[tuple[str, str]], table: Sequence[ImageRow], synsets: Sequence[str]
) -> Labelled:
    """Return the predicted images that have a noun among ``synsets``.

    Raises InputError when a predicted image is not in the table.
    """
    known = {(image.set, image.image): image for image in table}
    place = {synset: noun for noun, synset in enumerate(synsets)}
    found = []
    for row, key in enumerate(predicted):
        if key not in known:
            raise InputError(
                f"image {key[1]} of {key[0]}: expected it in the table of the split, which lacks "
                "it; split the images and extract the features again"
            )
        image = known[key]
        if image.synset in place:
            found.append((place[image.synset], row, image))
    found.sort(key=lambda one: one[:2])
    nouns, rows, images = zip(*found, strict=True) if found else ((), (), ())
    return Labelled(np.array(rows, np.int64), np.array(nouns, np.int64), list(images))


def questions(
    images: Labelled, classes: Ints, nodes: Ints, graph: Hierarchy, hops: Sequence[int]
) -> tuple[Labelled, list[Question]]:
    """Return the images that nothing was trained on, and what is asked about them.

    Those of the valid split, which chose epochs and penalties, are among them only where there is
    no test split.
    ``classes`` are the rows of the backbone's classes among the vectors, ``nodes`` the nodes of
    all rows in ``graph``. Candidates are, by name: "seen" (nouns with training images), "unseen"
    (nouns held out), "seen + unseen", "classes" (photographs only), "nouns" (all of WordNet that
    have a vector), and as in the paper "2-hop" (for each of ``hops``: the nouns within so many
    steps of a class, no class itself nor seen) and "2-hop + classes". Questions about no
    image are left out.
    """
    trained = images.where(lambda image: image.split == TRAIN)
    tested = images.where(lambda image: image.split == TEST).any()
    chose = images.where(lambda image: bool(tested) and image.split == VALID)
    held_out = images.only(~trained & ~chose)
    every = np.arange(len(nodes))
    seen = np.unique(images.nouns[trained])
    unseen = np.unique(held_out.nouns[held_out.where(lambda image: image.split == UNSEEN)])
    photos = held_out.where(lambda image: image.kind == PHOTO)
    anything = np.ones(len(held_out), bool)
    asked = [
        _question("seen", held_out, seen, anything),
        _question("unseen", held_out, unseen, anything),
        _question("seen + unseen", held_out, np.union1d(seen, unseen), anything),
        _question("classes", held_out, classes, photos),
        _question("nouns", held_out, every, anything),
    ]
    steps = graph.distances(nodes[classes])[nodes] if len(classes) else np.empty(0)
    for count in hops if len(classes) else ():
        near = np.setdiff1d(every[steps <= count], np.union1d(classes, seen))
        about = _question(f"{count}-hop", held_out, near, anything)
        both = Question(f"{count}-hop + classes", about.asked, np.union1d(near, classes))
        asked += [about, both]
    return held_out, [question for question in asked if question.asked.any()]


def groups(images: Labelled, asked: Mask) -> list[Group]:
    """Return the groups of the images in ``asked``.

    For each split all of them, each kind, and each set and kind; sorted.
    """
    found: dict[tuple[str, str, str], list[int]] = {}
    for number in np.flatnonzero(asked):
        one = images.images[number]
        for name, kind in ((EVERY, EVERY), (EVERY, one.kind), (one.set, one.kind)):
            found.setdefault((one.split, name, kind), []).append(int(number))
    order = sorted(found, key=lambda key: (key[0], key[1] != EVERY, key[1], key[2] != EVERY, key))
    return [
        Group(name, kind, split, np.array(found[split, name, kind])) for split, name, kind in order
    ]


def _question(name: str, images: Labelled, nouns: Ints, among: Mask) -> Question:
    return Question(name, among & np.isin(images.nouns, nouns), nouns)


Floats = NDArray[np.float32]
BLOCK = 1 << 24  # scores held at once: 64 MB


@dataclass(frozen=True)
class NounScores:
    """Scores of nouns for images, computed when they are asked for.

    A column is a distinct word vector (nouns with the same vector share it, since no image can
    tell them apart) or a class. ``column_of`` is the column of each noun, -1 for a noun that the
    method cannot name; ``vectors`` are the columns' unit vectors (columns, dim), or None where
    the predictions are scores already.
    """

    predictions: Predictions
    column_of: Ints
    vectors: Floats | None

    @property
    def width(self) -> int:
        """Return the number of columns."""
        return self.predictions.values.shape[1] if self.vectors is None else len(self.vectors)

    def scores(self, rows: Ints, columns: Ints | None = None) -> Floats:
        """Return scores (rows, columns): cosines between words, else what the method gave.

        ``rows`` are rows of the predictions; None stands for all columns.
        """
        values = np.asarray(self.predictions.values[rows], np.float32)
        if self.vectors is None:
            return values if columns is None else values[:, columns]
        chosen = self.vectors if columns is None else self.vectors[columns]
        return np.asarray(l2_normalize(values) @ chosen.T, np.float32)


def noun_scores(predictions: Predictions, synsets: Sequence[str], vectors: Floats) -> NounScores:
    """Return the scores of the nouns ``synsets``, whose word vectors are ``vectors``.

    Raises InputError when the predictions are points of another space than the vectors.
    """
    if predictions.space != WORDS:
        place = {synset: column for column, synset in enumerate(predictions.classes)}
        columns = [place.get(synset, -1) for synset in synsets]
        return NounScores(predictions, np.array(columns, np.int64), None)
    if predictions.values.shape[1] != vectors.shape[1]:
        raise InputError(
            f"the predictions: expected points of {vectors.shape[1]} numbers as the word vectors "
            f"have, got {predictions.values.shape[1]}; train and predict again"
        )
    column_of = same_vector(vectors)
    first = np.unique(column_of, return_index=True)[1]
    return NounScores(predictions, column_of, l2_normalize(vectors[first]))


def same_vector(vectors: Floats) -> Ints:
    """Return a number for each row, equal for rows that are equal, counted up from 0."""
    numbers: dict[bytes, int] = {}
    found = [numbers.setdefault(row.tobytes(), len(numbers)) for row in vectors]
    return np.array(found, np.int64)


def blocks(count: int, width: int) -> Iterator[slice]:
    """Yield slices of ``count`` rows, so that a block of ``width`` columns stays in bounds."""
    size = max(1, BLOCK // max(1, width))
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class ImageScores:
    """Scores on one question, row by row those of all images; NaN for one that was not asked.

    ``hits`` is (images, ks of hit@k), ``precision`` (images, ks of precision@k), ``ranks``
    are mean ranks (infinite where the method cannot name the noun). ``best`` is the node of the
    first answer (-1: none), ``steps`` how many steps in WordNet it is away from the truth, NaN
    where it is the truth or has its vector.
    """

    hits: Doubles
    precision: Doubles
    ranks: Doubles
    best: Ints
    steps: Doubles

    @classmethod
    def empty(cls, images: int, hit_ks: int, precision_ks: int) -> "ImageScores":
        """Return scores of which none is known yet."""
        return cls(
            np.full((images, hit_ks), np.nan),
            np.full((images, precision_ks), np.nan),
            np.full(images, np.nan),
            np.full(images, -1),
            np.full(images, np.nan),
        )


def score_images(
    scores: NounScores,
    images: Labelled,
    asked: Sequence[Question],
    nodes: Ints,
    graph: Hierarchy,
    hit_ks: Sequence[int],
    precision_ks: Sequence[int],
) -> list[ImageScores]:
    """Return the scores of ``images`` on every question of ``asked``.

    ``nodes`` are the nodes of the word vectors' nouns in ``graph``.
    """
    made = [ImageScores.empty(len(images), len(hit_ks), len(precision_ks)) for _ in asked]
    among = [Candidates.build(nodes[q.nouns], scores.column_of[q.nouns]) for q in asked]
    parts = list(blocks(len(images), scores.width))
    for block in progress(parts, "Scoring images", total=len(parts), unit="blocks"):
        every = scores.scores(images.rows[block])
        truths = images.nouns[block]
        away = {int(noun): graph.distances(nodes[noun]) for noun in np.unique(truths)}
        for question, candidates, results in zip(asked, among, made, strict=True):
            chosen = np.flatnonzero(question.asked[block])
            if not len(chosen):
                continue
            places = chosen + block.start
            if not len(candidates.columns):
                results.hits[places], results.precision[places], results.ranks[places] = (
                    0,
                    0,
                    np.inf,
                )
                continue
            some = every[np.ix_(chosen, candidates.columns)]
            truth = candidates.bundle_of(scores.column_of[truths[chosen]])
            _add_ranks(results, places, some, candidates, truth, hit_ks)
            _add_answers(
                results, places, best_bundles(some, max(1, *precision_ks)), candidates, truth,
                [away[int(noun)] for noun in truths[chosen]], precision_ks,
            )  # fmt: skip
    return made


def _add_ranks(
    results: ImageScores,
    places: Ints,
    scores: Floats,
    candidates: Candidates,
    truth: Ints,
    ks: Sequence[int],
) -> None:
    above, ties = mean_ranks(scores, candidates.sizes, truth)
    results.hits[places] = hits(above, ties, ks)
    results.ranks[places] = above + (ties + 1) / 2


def _add_answers(
    results: ImageScores,
    places: Ints,
    best: Ints,
    candidates: Candidates,
    truth: Ints,
    away: Sequence[Steps],
    ks: Sequence[int],
) -> None:
    """Add precision and the first answers; ``away`` are distances from each image's noun."""
    radii: dict[int, list[int]] = {}  # by identity, since images of a noun share its distances
    for place, bundles, right, steps in zip(places, best, truth, away, strict=True):
        if id(steps) not in radii:
            radii[id(steps)] = correct_radii(steps, candidates.nodes, ks)
        results.precision[place] = hierarchical_precision(
            bundles, candidates, steps, ks, radii[id(steps)]
        )
        members = candidates.members(bundles[0])
        results.best[place] = members[0]
        if bundles[0] != right:
            results.steps[place] = float(np.mean(steps[members]))


def score_queries(
    scores: NounScores, images: Labelled, group: Group, ks: Sequence[int]
) -> dict[str, Any]:
    """Return means over the words that name any image of ``group``, which is what is searched.

    Keys: images, words, precision@k for each of ``ks``, mrr (mean reciprocal rank of the first
    right image). A word that stands for several nouns of the group is one query, and right is a
    image of any of them. A noun with fewer than k images cannot reach a precision of 1, so
    ``ceiling@k`` is what a perfect ranking would have. A noun that the method cannot name has 0,
    precision among fewer than k images is None.
    """
    rows = images.rows[group.chosen]
    columns = scores.column_of[images.nouns[group.chosen]]
    lost = np.unique(images.nouns[group.chosen][columns < 0])
    queries = np.unique(columns[columns >= 0])
    found = [[0.0] * (len(ks) + 1) for _ in lost]
    for block in blocks(len(queries), len(rows)):
        asked = queries[block]
        found += [
            precision_and_rank(line, columns == query, ks)
            for query, line in zip(asked, _transposed(scores, rows, asked), strict=True)
        ]
    sizes = [np.count_nonzero(columns == query) for query in queries]
    sizes += [np.count_nonzero(images.nouns[group.chosen] == noun) for noun in lost]
    means = np.mean(found, axis=0)
    return {
        "images": len(rows),
        "words": len(found),
        **{f"precision@{k}": finite_or_none(m) for k, m in zip(ks, means[:-1], strict=True)},
        **{f"ceiling@{k}": float(np.mean(np.minimum(sizes, k))) / k for k in ks},
        "mrr": float(means[-1]),
    }


def _transposed(scores: NounScores, rows: Ints, columns: Ints) -> Floats:
    """Return scores (columns, rows), read in blocks of rows."""
    made = np.empty((len(columns), len(rows)), np.float32)
    for block in blocks(len(rows), max(len(columns), scores.predictions.values.shape[1])):
        made[:, block] = scores.scores(rows[block], columns).T
    return made


@dataclass(frozen=True)
class Words:
    """The nouns that have a vector: ``vectors`` is (nouns, dim), ``synsets`` in the same order.

    ``nodes`` are their places among all ``nouns`` of WordNet, ``classes`` the rows of those that
    the backbone has as classes, in the order of the rows.
    """

    vectors: NDArray[np.float32]
    synsets: list[str]
    nodes: Ints
    classes: Ints
    nouns: Sequence[Noun]

    def name(self, node: int) -> str:
        """Return the first lemma of a noun, as people write it."""
        return lemma_text(self.nouns[node].lemmas[0])

    def graph(self) -> Hierarchy:
        """Return all nouns as a graph."""
        return Hierarchy(self.nouns)


def read_words(vectors: str | Path, rows: str | Path, nouns: Sequence[Noun]) -> Words:
    """Return the nouns whose vectors are in the files ``vectors`` (.npy) and ``rows`` (.tsv).

    Raises InputError when the files do not belong to each other or to ``nouns``.
    """
    table, matrix = read_noun_vectors(vectors, rows)
    place = {noun.synset: node for node, noun in enumerate(nouns)}
    foreign = [row.synset for row in table if row.synset not in place]
    if foreign:
        raise InputError(
            f"{rows}: expected nouns of WordNet as listed, got {foreign[0]}; embed the nouns again"
        )
    classes = [number for number, row in enumerate(table) if row.class_index is not None]
    return Words(
        matrix,
        [row.synset for row in table],
        np.array([place[row.synset] for row in table], np.int64),
        np.array(classes, np.int64),
        nouns,
    )


BY_NOUN = ("seen", "unseen", "classes")  # questions that the table of single nouns is about


def evaluate(
    predictions: Predictions, table: Sequence[ImageRow], words: Words, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the record of all scores of ``predictions`` for the images of ``table``.

    ``settings``: ``hits``, ``precision`` and ``queries`` are the ks of flat hit@k, hierarchical
    precision@k and the precision@k of word queries; ``hops`` the distances of the n-hop sets.
    Keys of the record: space; left_out (images of the table that have no prediction);
    rows (image -> word, one per question and group); words (word -> image, one per group);
    nouns (single nouns, of the questions in BY_NOUN). No training image is scored, and no
    valid one where there is a test split.
    """
    graph = words.graph()
    known = labelled(predictions.images, table, words.synsets)
    images, asked = questions(known, words.classes, words.nodes, graph, settings["hops"])
    scores = noun_scores(predictions, words.synsets, words.vectors)
    ks = settings["hits"], settings["precision"]
    results = score_images(scores, images, asked, words.nodes, graph, *ks)
    rows, nouns = [], []
    for question, result in zip(asked, results, strict=True):
        for group in groups(images, question.asked):
            heading = _heading(group) | {"candidates": question.candidates}
            figures = _figures(result, images, group.chosen, *ks)
            rows.append(heading | {"labels": len(question.nouns)} | figures)
        if question.candidates in BY_NOUN:
            nouns += _by_noun(result, images, question.candidates, question.asked, words, ks[0])
    everything = np.ones(len(images), bool)
    galleries = groups(images, everything) if len(images) else []
    if len({group.split for group in galleries}) > 1:
        galleries.append(Group(EVERY, EVERY, EVERY, np.arange(len(images))))
    return {
        "space": predictions.space,
        "left_out": len(table) - len(predictions.images),
        "rows": rows,
        "words": [
            _heading(group) | score_queries(scores, images, group, settings["queries"])
            for group in galleries
        ],
        "nouns": nouns,
    }


def _heading(group: Group) -> dict[str, str]:
    return {"set": group.set, "kind": group.kind, "split": group.split}


def _figures(
    result: ImageScores,
    images: Labelled,
    chosen: Ints,
    hit_ks: Sequence[int],
    precision_ks: Sequence[int],
) -> dict[str, Any]:
    """Return the means over the ``chosen`` images; what cannot be computed is None."""
    wrong = result.steps[chosen]
    wrong = wrong[~np.isnan(wrong)]
    hit_means = np.mean(result.hits[chosen], axis=0)
    precision_means = np.mean(result.precision[chosen], axis=0)
    figures = {f"hit@{k}": mean for k, mean in zip(hit_ks, hit_means, strict=True)}
    figures |= {f"hp@{k}": mean for k, mean in zip(precision_ks, precision_means, strict=True)}
    figures |= {
        "mrr": np.mean(1 / result.ranks[chosen]),
        "median_rank": np.median(result.ranks[chosen]),
        "wrong_steps": np.mean(wrong) if len(wrong) else np.nan,
    }
    counts = {"images": len(chosen), "nouns": len(np.unique(images.nouns[chosen]))}
    return counts | {name: finite_or_none(figure) for name, figure in figures.items()}


def _by_noun(
    result: ImageScores,
    images: Labelled,
    candidates: str,
    asked: NDArray[np.bool_],
    words: Words,
    ks: Sequence[int],
) -> list[dict[str, Any]]:
    """Return hits and the most frequent wrong answer of each noun with images in ``asked``."""
    made = []
    for noun in np.unique(images.nouns[asked]):
        chosen = np.flatnonzero(asked & (images.nouns == noun))
        best = result.best[chosen][~np.isnan(result.steps[chosen])]
        nodes, counts = np.unique(best, return_counts=True)
        means = np.mean(result.hits[chosen], axis=0).tolist()
        made.append(
            {
                "candidates": candidates,
                "synset": words.synsets[noun],
                "name": words.name(int(words.nodes[noun])),
                "images": len(chosen),
                **{f"hit@{k}": mean for k, mean in zip(ks, means, strict=True)},
                "taken_for": words.name(int(nodes[np.argmax(counts)])) if len(nodes) else "",
            }
        )
    return made
