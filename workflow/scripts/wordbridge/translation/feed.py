"""What the decoder reads at each step: words known beforehand and words of its own choice."""

from typing import Any

import torch
from torch import Tensor

from wordbridge.corpus.specials import BOS, PAD
from wordbridge.translation.dropouts import activation_dropout, dropout_mask, word_dropout
from wordbridge.translation.settings import ModelSettings


class _Slots(torch.autograd.Function):
    """Zeros (steps, batch, width) whose gradient goes to the rows of ``table`` in ``words``.

    The words may be filled in later, until the backward pass: a model that reads its own words
    does not know them before. One look-up per step would cost a gradient as large as the
    vocabulary for each.
    """

    @staticmethod
    def forward(ctx: Any, table: Tensor, words: Tensor) -> Tensor:
        ctx.words, ctx.size = words, len(table)
        return table.new_zeros(*words.shape, table.shape[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (gradient,) = gradients
        rows = torch.ops.aten.embedding_dense_backward(gradient, ctx.words, ctx.size, PAD, False)
        return rows, None


class Feed:
    """Inputs of the decoder, step by step, from embeddings ``table`` (words, width).

    ``target`` is (time, batch). Where ``forced`` (steps, batch) is true at step i, the input of
    step i + 1 is the target's word i, elsewhere the word chosen at step i.
    """

    def __init__(
        self,
        settings: ModelSettings,
        table: Tensor,
        *,
        steps: int,
        batch: int,
        training: bool,
        target: Tensor | None,
        forced: Tensor | None,
    ) -> None:
        self.settings, self.training = settings, training
        self.target, self.forced = target, forced
        self.table = word_dropout(table, settings.word_dropout, training)
        # Padding where nothing is read: its gradient is dropped.
        self.words = torch.full((steps, batch), PAD, device=table.device)
        slots: Tensor = _Slots.apply(self.table, self.words)
        self.slots = slots.unbind(0)
        self.chosen = torch.full((batch,), BOS, device=table.device)
        # Lists, because a look at a tensor on a GPU waits for it.
        self.all_forced = [False] * steps if forced is None else forced.all(dim=1).tolist()
        self.any_forced = [False] * steps if forced is None else forced.any(dim=1).tolist()
        self.locked = None
        if settings.locked_dropout and training:
            self.locked = dropout_mask((batch, table.shape[1]), settings.target_dropout, table)

    def embedded(self, step: int) -> Tensor:
        """Return the input of ``step`` (batch, width)."""
        words = self.words[step].copy_(self._words(step))
        values: Tensor = self.table.detach()[words] + self.slots[step]
        if self.locked is not None:
            return values * self.locked
        return activation_dropout(values, self.settings.target_dropout, self.training, False)

    def _words(self, step: int) -> Tensor:
        if step and self.target is not None and self.forced is not None:
            if self.all_forced[step - 1]:
                return self.target[step - 1]
            if self.any_forced[step - 1]:
                return torch.where(self.forced[step - 1], self.target[step - 1], self.chosen)
        return self.chosen
