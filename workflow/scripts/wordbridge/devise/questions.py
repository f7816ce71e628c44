"""What is asked about the pictures: which pictures, and among which nouns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordbridge.devise.noun_graph import NounGraph
from wordbridge.devise.picture_table import PHOTO, TEST, TRAIN, UNSEEN, VALID, Picture
from wordbridge.errors import InputError

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
EVERY = "all"  # sets or kinds together


@dataclass(frozen=True)
class Labelled:
    """Pictures whose noun is known and has a vector.

    ``rows`` are their rows in the predictions, ``nouns`` the rows of their nouns among the word
    vectors, ``pictures`` what the table says. Sorted by noun.
    """

    rows: Ints
    nouns: Ints
    pictures: list[Picture]

    def __len__(self) -> int:
        return len(self.pictures)

    def where(self, holds: Callable[[Picture], bool]) -> Mask:
        """Return for which pictures ``holds`` is true."""
        return np.array([holds(picture) for picture in self.pictures], bool)

    def only(self, mask: Mask) -> "Labelled":
        """Return the pictures in ``mask``."""
        chosen = np.flatnonzero(mask)
        kept = [self.pictures[number] for number in chosen]
        return Labelled(self.rows[chosen], self.nouns[chosen], kept)


class Question(NamedTuple):
    """Pictures (a mask), and the nouns (rows of the vectors) among which theirs is looked for."""

    candidates: str
    asked: Mask
    nouns: Ints


class Group(NamedTuple):
    """Pictures whose scores make one row: ``chosen`` are their places."""

    set: str
    kind: str
    part: str
    chosen: Ints


def labelled(
    predicted: Sequence[tuple[str, str]], table: Sequence[Picture], synsets: Sequence[str]
) -> Labelled:
    """Return the predicted pictures that have a noun among ``synsets``.

    Raises InputError when a predicted picture is not in the table.
    """
    known = {(picture.set, picture.picture): picture for picture in table}
    place = {synset: noun for noun, synset in enumerate(synsets)}
    found = []
    for row, key in enumerate(predicted):
        if key not in known:
            raise InputError(
                f"picture {key[1]} of {key[0]}: expected it in the table of the split, which lacks "
                "it; split the pictures and extract the features again"
            )
        picture = known[key]
        if picture.synset in place:
            found.append((place[picture.synset], row, picture))
    found.sort(key=lambda one: one[:2])
    nouns, rows, pictures = zip(*found, strict=True) if found else ((), (), ())
    return Labelled(np.array(rows, np.int64), np.array(nouns, np.int64), list(pictures))


def questions(
    pictures: Labelled, classes: Ints, nodes: Ints, graph: NounGraph, hops: Sequence[int]
) -> tuple[Labelled, list[Question]]:
    """Return the pictures that nothing was trained on, and what is asked about them.

    Those of the valid part, which chose epochs and penalties, are among them only where there is
    no test part.
    ``classes`` are the rows of the backbone's classes among the vectors, ``nodes`` the nodes of
    all rows in ``graph``. Candidates are, by name: "seen" (nouns with training pictures), "unseen"
    (nouns held out), "seen + unseen", "classes" (photographs only), "nouns" (all of WordNet that
    have a vector), and as in the paper "2-hop" (for each of ``hops``: the nouns within so many
    steps of a class, no class itself nor seen) and "2-hop + classes". Questions about no
    picture are left out.
    """
    trained = pictures.where(lambda picture: picture.part == TRAIN)
    tested = pictures.where(lambda picture: picture.part == TEST).any()
    chose = pictures.where(lambda picture: bool(tested) and picture.part == VALID)
    held_out = pictures.only(~trained & ~chose)
    every = np.arange(len(nodes))
    seen = np.unique(pictures.nouns[trained])
    unseen = np.unique(held_out.nouns[held_out.where(lambda picture: picture.part == UNSEEN)])
    photos = held_out.where(lambda picture: picture.kind == PHOTO)
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


def groups(pictures: Labelled, asked: Mask) -> list[Group]:
    """Return the groups of the pictures in ``asked``.

    For each part all of them, each kind, and each set and kind; sorted.
    """
    found: dict[tuple[str, str, str], list[int]] = {}
    for number in np.flatnonzero(asked):
        one = pictures.pictures[number]
        for name, kind in ((EVERY, EVERY), (EVERY, one.kind), (one.set, one.kind)):
            found.setdefault((one.part, name, kind), []).append(int(number))
    order = sorted(found, key=lambda key: (key[0], key[1] != EVERY, key[1], key[2] != EVERY, key))
    return [
        Group(name, kind, part, np.array(found[part, name, kind])) for part, name, kind in order
    ]


def _question(name: str, pictures: Labelled, nouns: Ints, among: Mask) -> Question:
    return Question(name, among & np.isin(pictures.nouns, nouns), nouns)
