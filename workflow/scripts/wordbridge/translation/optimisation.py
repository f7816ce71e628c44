"""One step of a translator's optimisation: loss, gradients, update."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from wordbridge.corpus.batches import Batch
from wordbridge.corpus.specials import PAD
from wordbridge.errors import InputError
from wordbridge.translation.forcing import draw_forced
from wordbridge.translation.loss import activation_penalty, lesson_loss, word_loss
from wordbridge.translation.settings import Settings
from wordbridge.translation.translator import Translator


class Optimisation:
    """Adam over all of a translator's parameters, in the precision of its settings.

    Raises InputError where the device does not compute in that precision.
    """

    def __init__(self, model: Translator, settings: Settings) -> None:
        self.model, self.settings = model, settings
        options = settings.training
        self.device = next(model.parameters()).device
        _check_precision(options.precision, self.device)
        self.optimizer = torch.optim.Adam(
            model.parameters(),
            lr=options.learning_rate,
            betas=options.betas,
            weight_decay=options.weight_decay,
            fused=True,  # one pass over each tensor, on CPU and GPU alike
        )
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=options.precision == "float16")

    def step(self, batch: Batch, chance: float, rate: float, momentum: float | None) -> float:
        """Return the loss of one batch after one step with this learning rate.

        ``chance`` is that of forcing; ``momentum`` is Adam's first beta, or None to leave it.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = rate
            if momentum is not None:
                group["betas"] = (momentum, group["betas"][1])
        with self._precision():
            loss, penalty = self._losses(batch.to(self.device), chance)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss + penalty).backward()
        clip = self.settings.training.clip_norm
        if clip is not None:
            self.scaler.unscale_(self.optimizer)
            clip_grad_norm_(self.model.parameters(), clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return float(loss.detach())

    def _precision(self) -> AbstractContextManager[object]:
        precision = self.settings.training.precision
        if precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=getattr(torch, precision))

    def _losses(self, batch: Batch, chance: float) -> tuple[Tensor, Tensor]:
        """Return the mean loss of a batch and the penalty on its states."""
        options, (steps, size) = self.settings.training, batch.target.shape
        forced = draw_forced(self.settings.forcing, chance, steps, size)
        # The lesson runs on beyond the target, but its loss is cut there.
        decoded = self.model(
            batch.source,
            batch.source_lengths.cpu(),
            steps,
            batch.target,
            None if forced is None else forced.to(self.device),
        )
        words = batch.target[: len(decoded.states)] != PAD
        penalty = activation_penalty(
            decoded.recurrent,
            # A readout has the dropout behind it, and the penalties are for the recurrent layer.
            decoded.recurrent if self.model.settings.readout else decoded.dropped,
            words,
            options.activation_regularisation,
            options.temporal_regularisation,
        )
        if options.count_padding:
            return lesson_loss(self.model.logits(decoded.dropped), batch.target), penalty
        logits, target = self.model.logits(decoded.dropped[words]), batch.target[: len(words)]
        return word_loss(logits, target[words], options.label_smoothing), penalty


def _check_precision(precision: str, device: torch.device) -> None:
    """Raise InputError on a processor without this precision, which would only imitate it."""
    if device.type != "cpu" or precision == "float32":
        return
    name = {"bfloat16": "bf16", "float16": "fp16"}[precision]  # as in avx512_bf16, amx_fp16
    if not any(able for ability, able in torch.cpu.get_capabilities().items() if name in ability):
        raise InputError(
            f"training.precision: expected one that this processor computes in, got {precision}; "
            "set it to float32, or use a GPU"
        )
