"""Every variant learns something: short sequences backwards."""

from typing import Any

import pytest
import torch

from tests.translation.toys import (
    FLAGS,
    LESSON,
    NO_DROPOUT,
    VARIANTS,
    decoding_settings,
    reversals,
    settings,
)
from wordbridge.translation.decoding import translate_ids
from wordbridge.translation.training import TranslatorTrainer
from wordbridge.translation.translator import Translator

LESSONS: dict[str, dict[str, Any]] = {
    f"lesson {name}": {**block, "model": block.get("model", {}) | LESSON}
    for name, block in VARIANTS.items()
    if name in ("baseline", "all")
}


CASES = [
    *VARIANTS,
    "lstm",
    *(pytest.param(name, marks=pytest.mark.long) for name in ("first", "all mean relu")),
    *LESSONS,
]


@pytest.mark.parametrize("name", CASES)
def test_it_learns_to_reverse_short_sequences(name: str) -> None:
    forcing = {"schedule": "linear", "epochs": 8}
    block = (VARIANTS | FLAGS | LESSONS)[name] | {"forcing": forcing}
    training = {
        "epochs": 20,
        "batch_size": 20,
        "learning_rate": 0.01,
        "count_padding": name in LESSONS,
        "keep_epoch": "free_running_loss",
    }
    options = settings(block, hidden=24, training=training, **NO_DROPOUT)
    torch.manual_seed(1)
    model = Translator(options.model, torch.randn(9, 20), torch.randn(10, 26))
    train, valid = reversals(200, 1, longest=3, words=4), reversals(20, 2, longest=3, words=4)
    TranslatorTrainer(model, options, train, valid, seed=1).run()
    sources = [valid.source[row] for row in valid.rows]
    hypotheses = translate_ids(model, sources, decoding_settings(max_steps=6))
    right = [
        hypothesis.ids.tolist() == source[:-1][::-1].tolist()
        for hypothesis, source in zip(hypotheses, sources, strict=True)
    ]
    assert sum(right) >= 17
