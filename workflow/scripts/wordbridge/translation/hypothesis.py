"""One translation as ids, and the rule against repeated n-grams."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from wordbridge.corpus.specials import BOS, PAD
from wordbridge.translation.settings import ModelSettings


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """Target ids without the end of sentence, and how likely they are.

    ``log_probability`` is in nats, over all tokens and the end of sentence where it was reached.
    ``attention`` (steps, source length) has a row per token and one for the end of sentence.
    """

    ids: NDArray[np.int64]
    log_probability: float
    attention: NDArray[np.float32] | None = None


def forbid_marks(logs: Tensor, settings: ModelSettings) -> None:
    """Set the marks that are no words to minus infinity, in place, in ``logs`` (batch, words).

    The lesson's model has learned to say padding, and may.
    """
    if settings.stop_at_eos:
        logs[:, [BOS, PAD]] = float("-inf")


def block_repeats(logs: Tensor, words: Tensor, size: int) -> None:
    """Set to minus infinity, in place, what would repeat an n-gram of ``size`` tokens.

    ``logs`` is (batch, words), ``words`` (time, batch) what stands so far.
    """
    columns: list[list[Any]] = words.t().tolist()
    for row, said in enumerate(columns):
        last = said[len(said) - size + 1 :] if size > 1 else []
        starts = range(len(said) - size + 1)
        banned = [said[at + size - 1] for at in starts if said[at : at + size - 1] == last]
        if banned:
            logs[row, banned] = float("-inf")


def replace_unknown(
    tokens: list[str],
    source: list[str],
    attention: NDArray[Any] | None,
    unknown: str,
    tags: int = 0,
) -> list[str]:
    """Return ``tokens`` with each unknown word replaced by the source word most attended to.

    The first ``tags`` tokens of the source are no words of it.
    """
    if attention is None or len(source) == tags:
        return tokens
    most = attention[:, tags : len(source)].argmax(axis=1) + tags
    return [
        source[int(most[place])] if token == unknown else token
        for place, token in enumerate(tokens)
    ]
