"""Tests of a trained translator on disk, and of its table of losses."""

import json
from pathlib import Path

import pytest
import torch

from tests.translation.toys import FLAGS, VARIANTS, settings, translator
from wordbridge.errors import InputError
from wordbridge.translation.metrics import write_metrics
from wordbridge.translation.saved import read_translator, write_translator
from wordbridge.translation.weights import weights_of

CPU = torch.device("cpu")


def saved(folder: Path, name: str) -> tuple[Path, Path]:
    made = settings((VARIANTS | FLAGS)[name])
    paths = folder / f"{name}.safetensors", folder / f"{name}.json"
    shapes = {"source": [17, 5], "target": [13, 8]}
    description = {"settings": made.as_dict(), "direction": "fr-en", **shapes}
    write_translator(weights_of(translator(made)), description, *paths)
    return paths


@pytest.mark.parametrize("name", VARIANTS | FLAGS)
def test_a_translator_comes_back_ready_to_translate(name: str, tmp_path: Path) -> None:
    model, description = read_translator(*saved(tmp_path, name), CPU)
    expected = weights_of(translator(settings((VARIANTS | FLAGS)[name])))
    assert {key: value.tolist() for key, value in weights_of(model).items()} == {
        key: value.tolist() for key, value in expected.items()
    }
    assert not model.training
    assert description["direction"] == "fr-en"


def test_weights_of_another_variant_are_an_error(tmp_path: Path) -> None:
    paths = {name: saved(tmp_path, name) for name in ("baseline", "attention")}
    for weights, other in (("baseline", "attention"), ("attention", "baseline")):
        with pytest.raises(InputError, match=r"not the weights that .* describes"):
            read_translator(paths[weights][0], paths[other][1], CPU)


@pytest.mark.parametrize("content", [b"", b"<html>" * 20])
def test_damaged_files_are_errors(tmp_path: Path, content: bytes) -> None:
    model, described = saved(tmp_path, "baseline")
    whole = model.read_bytes()
    model.write_bytes(content)
    with pytest.raises(InputError, match="train the translator again"):
        read_translator(model, described, CPU)
    model.write_bytes(whole[:-7])
    with pytest.raises(InputError, match="train the translator again"):
        read_translator(model, described, CPU)
    described.write_bytes(content)
    with pytest.raises(InputError, match="expected a translator's settings"):
        read_translator(model, described, CPU)


def test_settings_that_lack_something_are_an_error(tmp_path: Path) -> None:
    model, described = saved(tmp_path, "baseline")
    described.write_text(json.dumps({"direction": "fr-en"}))
    with pytest.raises(InputError, match="train the translator again"):
        read_translator(model, described, CPU)


def test_figures_of_epochs_are_written_exactly(tmp_path: Path) -> None:
    row = {"epoch": 1, "learning_rate": 0.1 + 0.2, "forcing": 1.0, "train_loss": 2.0}
    write_metrics(tmp_path / "m.tsv", [row | {"nll": 1 / 3, "free_running_loss": 9.0, "bleu": 7.5}])
    header, line = (tmp_path / "m.tsv").read_text().splitlines()
    assert header == "epoch\tlearning_rate\tforcing\ttrain_loss\tnll\tfree_running_loss\tbleu"
    assert line == "1\t0.30000000000000004\t1.0\t2.0\t0.3333333333333333\t9.0\t7.5"
