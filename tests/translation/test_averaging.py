"""Tests of the running mean of a model's weights."""

import pytest
import torch
from torch import Tensor

from tests.translation.test_training import SHORT, TRAIN, VALID
from tests.translation.toys import settings, translator
from wordbridge.translation.averaging import WeightAverage
from wordbridge.translation.training import Training
from wordbridge.translation.translator import Translator


def expected_mean(weights: list[Tensor], decay: float) -> Tensor:
    """Return the mean after ``weights``, one a step: each weighs what the later ones leave."""
    shares = [1.0]
    for step in range(1, len(weights)):
        kept = min(decay, (1 + step) / (10 + step))
        shares = [*(share * kept for share in shares), 1 - kept]
    assert sum(shares) == pytest.approx(1)
    return torch.stack([share * w for share, w in zip(shares, weights, strict=True)]).sum(dim=0)


def bias(model: Translator) -> Tensor:
    return model.decoder.output.bias.detach().clone()


def step(model: Translator) -> None:
    for parameter in model.parameters():
        parameter.data.add_(torch.randn_like(parameter))


@pytest.mark.parametrize("decay", [0.1, 0.25, 0.999])
def test_the_copy_is_the_decaying_mean_of_the_weights_after_each_step(decay: float) -> None:
    model = translator(settings({}))
    average, seen = WeightAverage(model, decay), []
    for _ in range(7):
        step(model)
        average.update()
        seen.append(bias(model))
        torch.testing.assert_close(bias(average.model), expected_mean(seen, decay))
        assert torch.equal(bias(model), seen[-1])


def test_the_copy_has_the_models_shape_and_its_tied_weights() -> None:
    model = translator(settings({}, output_weights="tied"))
    average = WeightAverage(model, 0.9)
    assert average.model.parameter_count() == model.parameter_count()
    assert average.model.decoder.output.weight is average.model.decoder.embedding.weight
    assert average.model.decoder.output.weight is not model.decoder.output.weight


def test_a_resumed_mean_goes_on_with_the_decay_of_its_step() -> None:
    model = translator(settings({}))
    whole, resumed = WeightAverage(model, 0.999), WeightAverage(model, 0.999)
    for _ in range(5):
        step(model)
        whole.update()
    resumed.model.load_state_dict(whole.model.state_dict())
    resumed.resume(5)
    step(model)
    for average in (whole, resumed):
        average.update()
    assert torch.equal(bias(whole.model), bias(resumed.model))


def test_the_mean_of_a_training_is_validated_and_kept() -> None:
    training = {**SHORT, "averaging": 0.6, "select": "last"}
    made = settings({"training": training})
    one = Training(translator(made), made, TRAIN, VALID, seed=3)
    seen: list[Tensor] = []
    update = one.optimisation.step

    def watched(*given: object) -> float:
        loss = update(*given)  # type: ignore[arg-type]
        seen.append(bias(one.model))
        return loss

    one.optimisation.step = watched  # type: ignore[method-assign]
    kept = one.run()["decoder.output.bias"]
    torch.testing.assert_close(kept, expected_mean(seen, 0.6))
    assert (kept - seen[-1]).abs().max() > 1e-4


def test_a_mean_changes_what_is_validated_and_not_how_it_is_trained() -> None:
    biases, rows = [], []
    for averaging in (0.0, 0.9):
        made = settings({"training": {**SHORT, "averaging": averaging}})
        torch.manual_seed(3)
        one = Training(translator(made), made, TRAIN, VALID, seed=3)
        one.run()
        biases.append(bias(one.model))
        rows.append(one.standing.epochs)
    assert torch.equal(*biases)
    for plain, averaged in zip(*rows, strict=True):
        assert plain["train_loss"] == averaged["train_loss"]
        assert plain["nll"] != averaged["nll"]
