"""Variants, models and parallel texts of toy size; all sizes differ pairwise."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from tests.settings import defaults, variant
from wordbridge.corpus.batches import ParallelData
from wordbridge.corpus.ids import pack
from wordbridge.corpus.special_tokens import EOS
from wordbridge.translation.decoding import DecodingSettings
from wordbridge.translation.settings import ForcingSettings, ModelSettings, Settings, settings_from
from wordbridge.translation.translator import Translator

SOURCE_WORDS, TARGET_WORDS, SOURCE_WIDTH, TARGET_WIDTH, HIDDEN = 17, 13, 5, 8, 6

Block = dict[str, dict[str, Any]]

_LINEAR = {"schedule": "linear"}
VARIANTS: dict[str, Block] = {
    "baseline": {},
    "bidirectional": {"model": {"bidirectional": "all", "bridge_dropout": 0.05}},
    "forcing": {"forcing": _LINEAR},
    "attention": {"model": {"attention": True}, "forcing": _LINEAR},
    "all": {
        "model": {"attention": True, "bidirectional": "all", "bridge_dropout": 0.25},
        "forcing": _LINEAR,
    },
}
# Flags that no variant of the lesson has, each combined with others.
FLAGS: dict[str, Block] = {
    "lstm": {"model": {"cell": "lstm", "attention": True}},
    "first": {"model": {"bidirectional": "first", "layers": 3}},
    "lstm first max": {
        "model": {"cell": "lstm", "bidirectional": "first", "initial_state": "max"},
    },
    "all mean relu": {
        "model": {
            "bidirectional": "all",
            "initial_state": "mean",
            "attention": True,
            "attention_activation": "relu",
        },
    },
    "lstm all mean": {
        "model": {"cell": "lstm", "bidirectional": "all", "initial_state": "mean"},
    },
    "max": {"model": {"initial_state": "max", "layers": 1, "output_weights": "random"}},
    "no deep_output": {
        "model": {"deep_output": False, "attention": True, "bidirectional": "first"}
    },
}
LESSON = {
    "output_weights": "copied",
    "deep_output": False,
    "embedding_scale": 1.0,
    "scale_logits": False,
    "mask_padding": False,
    "stop_at_eos": False,
}
NO_DROPOUT = {
    f"{place}_dropout": 0.0 for place in ("source", "encoder", "bridge", "decoder", "output")
}
AWD = {
    "variational_dropout": True,
    "weight_dropout": 0.4,
    "word_dropout": 0.3,
    "target_dropout": 0.2,
}


def settings(block: Block, *, hidden: int = HIDDEN, training: Any = None, **model: Any) -> Settings:
    """Return the settings of ``block`` with a toy width and other changes."""
    toy = {
        **block,
        "model": {"hidden": hidden, **block.get("model", {}), **model},
        "training": {**block.get("training", {}), **(training or {})},
    }
    return settings_from(variant(toy))


def model_settings(**changes: Any) -> ModelSettings:
    """Return the default settings of a model with changes."""
    return ModelSettings(**defaults("variants.*.model") | changes)


def forcing_settings(schedule: str, **changes: Any) -> ForcingSettings:
    """Return the default settings of forcing with a schedule and other changes."""
    return ForcingSettings(**defaults("variants.*.forcing") | {"schedule": schedule} | changes)


def decoding_settings(**changes: Any) -> DecodingSettings:
    """Return the default settings of decoding with changes."""
    return DecodingSettings(**defaults("decoding") | changes)


def translator(options: Settings, seed: int = 7, target_words: int = TARGET_WORDS) -> Translator:
    """Return an untrained toy model."""
    torch.manual_seed(seed)
    source = torch.randn(SOURCE_WORDS, SOURCE_WIDTH)
    return Translator(options.model, source, torch.randn(target_words, TARGET_WIDTH))


def parallel(sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> ParallelData:
    """Return pairs of ids, to which the end of sentence is added."""
    parts = ["train"] * len(sources)
    texts = [pack([[*ids, EOS] for ids in side], parts) for side in (sources, targets)]
    return ParallelData(*texts, np.arange(len(sources)))


def reversals(count: int, seed: int, longest: int = 4, words: int = 5) -> ParallelData:
    """Return pairs whose target is the source backwards."""
    random = np.random.RandomState(seed)
    lengths = random.randint(1, longest + 1, count)
    sources = [random.randint(4, 4 + words, length).tolist() for length in lengths]
    return parallel(sources, [ids[::-1] for ids in sources])
