"""A trained head as pictures are sent through it: with the backbone's classifier beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from wordbridge.devise.fitted import Fitted
from wordbridge.devise.head_settings import settings_from
from wordbridge.devise.labelled import Features, seen_parts
from wordbridge.devise.noun_matrix import NounMatrix
from wordbridge.devise.photo_gate import fit_photo_gate
from wordbridge.devise.picture_table import Picture

EXAMPLES = 20_000  # pictures, evenly taken, by which photographs are told from drawings


def voiced_head(
    head: Fitted,
    block: Mapping[str, Any],
    store: Features,
    pictures: Sequence[Picture],
    nouns: NounMatrix,
) -> Fitted:
    """Return ``head`` with what the classifier needs to speak beside it, see second_voice.py.

    ``block`` has the classifier's settings; with weight 0 it has no say and needs nothing. Raises
    InputError for a head whose outputs are no vectors.
    """
    own = head.description
    described = {**own, "settings": {**own["settings"], "classifier": dict(block)}}
    settings = settings_from(described["settings"]).classifier
    if not settings.weight:
        return Fitted(head.tensors, described)
    train, _ = seen_parts(store, pictures, nouns)
    some = train.thinned(EXAMPLES)
    gate = fit_photo_gate(store.features(some.rows), some.photos, settings.photo_penalty)
    arrays = {"class_vectors": nouns.class_vectors, "known_classes": nouns.known_classes}
    arrays |= {"photo_weights": gate.weights, "photo_bias": gate.bias}
    beside = {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in arrays.items()}
    return Fitted({**head.tensors, **beside}, described)
