"""Training on a GPU: ``pytest tests/translation/test_cuda.py`` on a machine that has one.

For each variant: one epoch is trained, another stopped in the middle and resumed, and the
losses are compared with those of the same training on the processor. The bands: likelihood per
token within BAND nats of the processor's at equal seeds (sums run in another order, and dropout
draws from another generator, so with dropout only the course is the same); a resumed run's
within RESUMED of an unbroken one on the same GPU.
"""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.kills import Killed, killed_after
from tests.translation.toys import NO_DROPOUT, VARIANTS, reversals, settings
from wordbridge.training.device import choose_device
from wordbridge.translation.training import TranslatorTrainer
from wordbridge.translation.translator import Translator

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU")

BAND = 0.01  # nats per token after an epoch without dropout
DROPOUT_BAND = 0.3  # nats per token after an epoch with dropout
RESUMED = 1e-4  # nats per token

TRAIN, VALID = reversals(400, 1), reversals(60, 2)


def trained(name: str, device_name: str, state: Path | None = None, **changes: Any) -> float:
    """Return the likelihood of the valid part after an epoch, in nats per token."""
    options = {"epochs": 1, "batch_size": 16, "learning_rate": 0.01}
    precision = changes.pop("precision", "float32")
    block = settings(
        VARIANTS[name], hidden=24, training={**options, "precision": precision}, **changes
    )
    torch.manual_seed(3)
    model = Translator(block.model, torch.randn(17, 20), torch.randn(13, 28))
    model = model.to(choose_device(device_name, 1))
    one = TranslatorTrainer(
        model, block, TRAIN, VALID, seed=3, checkpoint=state, checkpoint_seconds=1e-9
    )
    one.run()
    return one.state.epochs[-1]["nll"]


@pytest.mark.parametrize("name", VARIANTS)
def test_an_epoch_on_the_gpu_agrees_with_the_processor(name: str) -> None:
    assert trained(name, "cuda", **NO_DROPOUT) == pytest.approx(
        trained(name, "cpu", **NO_DROPOUT), abs=BAND
    )
    assert trained(name, "cuda") == pytest.approx(trained(name, "cpu"), abs=DROPOUT_BAND)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("name", VARIANTS)
def test_a_run_interrupted_on_the_gpu_resumes(name: str, precision: str, tmp_path: Path) -> None:
    uninterrupted = trained(name, "cuda", precision=precision)
    state = tmp_path / "state"
    with killed_after(9), pytest.raises(Killed):
        trained(name, "cuda", state, precision=precision)
    resumed = trained(name, "cuda", state, precision=precision)
    assert resumed == pytest.approx(uninterrupted, abs=RESUMED)
