"""Features, nouns and images of toy size; sizes differ pairwise."""

from typing import Any

import numpy as np

from tests.devise.devise_toys import image
from tests.settings import changed, defaults
from wordbridge.arrays import Matrix, l2_normalize
from wordbridge.devise.dataset import Ints, TrainingData
from wordbridge.nouns.matrix import CLASSES, NounMatrix

WIDTH, PART, DIM, NOUNS, KNOWN, PER_NOUN = 10, 5, 7, 11, 6, 8
VALID, UNLABELLED = 2, 3  # images per noun, images in all


class Store:
    """Features in memory, with the interface of the store on disk."""

    def __init__(self, images: list[tuple[str, str]], features: Matrix, logits: Matrix):
        self.images, self._features, self._logits = images, features, logits
        self.width = features.shape[1]
        self.queried: set[int] = set()

    def __len__(self) -> int:
        return len(self.images)

    def features(self, rows: Ints) -> Matrix:
        self.queried |= set(rows.tolist())
        return self._features[rows]

    def logits(self, rows: Ints) -> Matrix:
        self.queried |= set(rows.tolist())
        return self._logits[rows]


def nouns(seed: int = 1) -> NounMatrix:
    """Return nouns the first of which are classes 40, 41, ... of the classifier."""
    vectors = np.random.default_rng(seed).standard_normal((NOUNS, DIM)).astype(np.float32)
    classes = np.array([40 + n if n < KNOWN else -1 for n in range(NOUNS)], np.int64)
    return NounMatrix([f"n{n:08d}" for n in range(NOUNS)], l2_normalize(vectors), classes)


def training_data(noise: float = 0.3, seed: int = 2) -> TrainingData:
    """Return images of all nouns but the last, which is unseen, around a centre for each."""
    random, matrix = np.random.default_rng(seed), nouns()
    centres = np.abs(random.standard_normal((NOUNS, WIDTH)))
    labels = np.repeat(np.arange(NOUNS), PER_NOUN)
    features = centres[labels] + noise * random.standard_normal((len(labels), WIDTH))
    rows = np.zeros((CLASSES, PART), np.float32)
    rows[40 : 40 + KNOWN] = centres[:KNOWN, WIDTH - PART :] - centres[:, WIDTH - PART :].mean(0)
    images = []
    for place, noun in enumerate(labels):
        split = "unseen" if noun == NOUNS - 1 else "valid" if place % PER_NOUN < VALID else "train"
        kind = "photo" if place % 3 else "drawing"
        images.append(image(f"{place:03d}", matrix.synsets[noun], split, kind))
    for place in range(UNLABELLED):
        images[place + VALID] = images[place + VALID]._replace(synset="")
    keys = [(p.set, p.image) for p in images]
    features = features.astype(np.float32)
    store = Store(keys, features, 3 * features[:, WIDTH - PART :] @ rows.T)
    return TrainingData(store, images, matrix)


def variant(**blocks: Any) -> dict[str, Any]:
    """Return a complete block of a short training of a small head, changed by ``blocks``."""
    block = defaults("methods.*", "head")
    del block["training"]["checkpoint_seconds"]
    head = {"hidden": [12], "dropouts": [0.1, 0.2]}
    small = {"head": head, "training": {"epochs": 2, "batch_size": 16}}
    return changed(changed(block, small), blocks)


def settings(**blocks: Any) -> dict[str, Any]:
    """Return the settings of a training as its rule has them."""
    return {"variant": variant(**blocks), "device": "cpu", "threads": 1}
