"""The lesson preset against the lesson's equations, written down a second time."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.translation.toys import LESSON, VARIANTS, settings, translator
from wordbridge.corpus.batches import pad
from wordbridge.corpus.special_tokens import EOS, PAD
from wordbridge.translation.translator import Translator

SOURCE = pad([[5, 6, 7, 8, EOS], [9, EOS], [4, 12, EOS]])
TARGET = pad([[4, 5, 8, 6, 10, 4, EOS], [6, 7, EOS], [9, EOS]])
LENGTHS = torch.tensor([5, 2, 3])

Cell = Callable[[Tensor, Tensor], Tensor]


def gru(weights: dict[str, Tensor], name: str, back: str = "") -> Cell:
    kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    w, u, b, c = (weights[f"{name}.rnn.{kind}_l0{back}"] for kind in kinds)

    def cell(x: Tensor, h: Tensor) -> Tensor:
        (i, j, k), (o, p, q) = (x @ w.T + b).chunk(3, 1), (h @ u.T + c).chunk(3, 1)
        reset, update = torch.sigmoid(i + o), torch.sigmoid(j + p)
        return (1 - update) * torch.tanh(k + reset * q) + update * h

    return cell


def run(cell: Cell, inputs: Tensor, width: int) -> Tensor:
    states = [torch.zeros(inputs.shape[1], width)]
    for x in inputs:
        states.append(cell(x, states[-1]))
    return torch.stack(states[1:])


def encode(w: dict[str, Tensor], source: Tensor, both: bool) -> tuple[Tensor, list[Tensor]]:
    x, states = w["encoder.embedding.weight"][source], []
    for name in ("encoder.layers.0", "encoder.layers.1"):  # over padding as over words
        outputs, last = [run(gru(w, name), x, 6)], []
        if both:
            outputs.append(run(gru(w, name, "_reverse"), x.flip(0), 6).flip(0))
            last = [outputs[1][0]]
        states.append(torch.cat([outputs[0][-1], *last], 1))
        x = torch.cat(outputs, 2)
    (bridge,) = (w[name] for name in w if name.startswith("decoder.bridges"))
    return x, [state @ bridge.T for state in states]


def reference(
    model: Translator, source: Tensor, steps: int, target: Tensor | None, coins: list[bool]
) -> Tensor:
    """Return the logits of the equations in the lesson, section 2."""
    w = dict(model.named_parameters())
    outputs, h = encode(w, source, model.settings.bidirectional == "all")
    word, logits = torch.zeros(source.shape[1], dtype=torch.long), []
    for i in range(steps):
        x = w["decoder.embedding.weight"][word]
        if model.settings.attention:
            query = (
                h[-1] @ w["decoder.attention.query.weight"].T + w["decoder.attention.query.bias"]
            )
            u = torch.tanh(outputs @ w["decoder.attention.keys"] + query)
            a = torch.softmax(u @ w["decoder.attention.score"], 0)
            x = torch.cat([x, (a.unsqueeze(2) * outputs).sum(0)], 1)
            x = x @ w["decoder.attention.combine.weight"].T + w["decoder.attention.combine.bias"]
        h = [gru(w, "decoder.layers.0")(x, h[0]), h[1]]
        h = [h[0], gru(w, "decoder.layers.1")(h[0], h[1])]
        logits.append(h[1] @ w["decoder.output.weight"].T + w["decoder.output.bias"])
        word = logits[-1].argmax(1)
        if (word == PAD).all():
            break
        if target is not None and coins[i]:
            word = target[i]
    return torch.stack(logits)


COINS = {
    "never": [False] * 7,
    "always": [True] * 7,
    "sometimes": [True, False, True, False, False, True, False],
}


@pytest.mark.parametrize("coins", COINS)
@pytest.mark.parametrize("name", VARIANTS)
def test_the_preset_computes_the_equations_of_the_lesson(name: str, coins: str) -> None:
    model = translator(settings(VARIANTS[name], **LESSON)).eval()
    forced = torch.tensor(COINS[coins]).view(-1, 1).expand(7, 3)
    with torch.no_grad():
        ours = model.logits(model(SOURCE, LENGTHS, 7, TARGET, forced).outputs)
        theirs = reference(model, SOURCE, 7, TARGET, COINS[coins])
    assert ours.shape == theirs.shape == (7, 3, 13)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_lesson_lets_padding_change_its_results(name: str) -> None:
    model = translator(settings(VARIANTS[name], **LESSON)).eval()
    short, long = SOURCE[:2, 1:2], SOURCE[:, 1:2]
    first = model.logits(model(short, LENGTHS[1:2], 3).outputs)
    second = model.logits(model(long, LENGTHS[1:2], 3).outputs)
    assert (first[0] - second[0]).abs().max() > 1e-4


def test_the_lesson_stops_only_when_all_say_padding() -> None:
    model = translator(settings({}, **LESSON)).eval()
    model.decoder.output.bias.data[EOS] = 100.0
    assert len(model(SOURCE, LENGTHS, 7).outputs) == 7
    model.decoder.output.bias.data[PAD] = 200.0
    assert len(model(SOURCE, LENGTHS, 7).outputs) == 1
