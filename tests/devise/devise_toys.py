"""Ten nouns, their vectors and some images."""

import numpy as np

from wordbridge.devise.predictions import Predictions
from wordbridge.devise.similarity import WordSpace
from wordbridge.images.table import ImageRow
from wordbridge.nouns.hierarchy import Hierarchy
from wordbridge.nouns.table import Noun

PARENTS = {
    "entity": "", "animal": "entity", "dog": "animal", "cat": "animal", "corgi": "dog",
    "pug": "dog", "vehicle": "entity", "boat": "vehicle", "crane": "vehicle",
    "crane_bird": "animal",
}  # fmt: skip
SYNSETS = list(PARENTS)
VECTORS = {  # entity has none; both cranes have the same
    "animal": (1, 1, 0), "dog": (3, 0, 0), "cat": (0, 2, 0), "corgi": (2, 1, 0),
    "pug": (2, 0, 1), "vehicle": (0, 1, 3), "boat": (0, 0, 1), "crane": (0, -1, 1),
    "crane_bird": (0, -1, 1),
}  # fmt: skip


def words(*classes: str) -> WordSpace:
    nouns = [Noun(s, (s,), (above,) if above else (), None, "") for s, above in PARENTS.items()]
    names = list(VECTORS)
    return WordSpace(
        np.array(list(VECTORS.values()), np.float32),
        names,
        np.array([SYNSETS.index(name) for name in names]),
        np.array([names.index(name) for name in classes], np.int64),
        Hierarchy(nouns),
    )


def image(
    name: str, synset: str, split: str = "valid", kind: str = "photo", set: str = "own"
) -> ImageRow:
    given = {"set": set, "image": name, "synset": synset, "kind": kind, "split": split}
    return ImageRow(**dict.fromkeys(ImageRow._fields, "") | given)


def predictions(
    images: list[ImageRow], values: list[tuple[float, ...]], classes: tuple[str, ...] = ()
) -> Predictions:
    space = "classes" if classes else "words"
    keys = [(one.set, one.image) for one in images]
    return Predictions(np.array(values, np.float32), space, classes, keys)
