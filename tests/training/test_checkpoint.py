"""Tests of the state of an unfinished training."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.translation.toys import VARIANTS, settings, translator
from wordbridge.errors import InputError
from wordbridge.tensors import copy_weights
from wordbridge.training.checkpoint import Checkpointer, locked_state, state_folder, state_key
from wordbridge.translation.translator import Translator

VALUES = {"epoch": 2, "batch": 1, "step": 7, "best_value": None, "x": 0.1 + 0.2}


def trained(seed: int, steps: int) -> tuple[Translator, torch.optim.Adam]:
    model = translator(settings(VARIANTS["attention"]), seed)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    for _ in range(steps):
        optimizer.zero_grad()
        sum(parameter.square().sum() for parameter in model.parameters()).backward()
        optimizer.step()
    return model, optimizer


def test_a_state_is_restored_completely(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "state.safetensors"
    model, optimizer = trained(1, 3)
    best = {"a": torch.arange(3.0)}
    Checkpointer(path, model, optimizer, 9).save(VALUES, best)
    drawn = torch.rand(3)
    other, fresh = trained(2, 0)
    kept, values = Checkpointer(path, other, fresh, 9).load()
    assert values == VALUES
    assert torch.equal(kept["a"], best["a"])
    assert torch.equal(torch.rand(3), drawn)
    for name, value in copy_weights(model).items():
        assert torch.equal(value, copy_weights(other)[name])
    ours, theirs = optimizer.state_dict()["state"], fresh.state_dict()["state"]
    torch.testing.assert_close(ours, theirs, atol=0, rtol=0)


def test_a_state_without_an_optimizer_step_is_restored(tmp_path: Path) -> None:
    Checkpointer(tmp_path / "s", *trained(1, 0), 9).save(VALUES, {})
    assert Checkpointer(tmp_path / "s", *trained(2, 0), 9).load() == ({}, VALUES)


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "other", "plain", "folder"])
def test_a_damaged_state_is_an_error_with_a_remedy(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "state.safetensors"
    model, optimizer = trained(1, 1)
    Checkpointer(path, model, optimizer, 9).save(VALUES, {})
    content = path.read_bytes()
    if damage == "other":
        model = translator(settings(VARIANTS["all"]))
        optimizer = torch.optim.Adam(model.parameters())
    elif damage == "plain":
        save_file({"a": torch.zeros(2)}, path)
    elif damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes({"cut": content[:-9], "empty": b"", "text": b"<html>" * 9}[damage])
    with pytest.raises(InputError, match="delete the file to start"):
        Checkpointer(path, model, optimizer, 9).load()


def test_a_failed_save_leaves_the_state_before(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    checkpointer = Checkpointer(path, *trained(1, 1), 9)
    checkpointer.save(VALUES, {})
    with pytest.raises(ValueError, match="JSON"):
        checkpointer.save({"loss": float("nan")}, {})
    assert checkpointer.load() == ({}, VALUES)
    assert [file.name for file in tmp_path.iterdir()] == ["state.safetensors"]


SECOND = """
import sys
from pathlib import Path
from wordbridge.errors import InputError
from wordbridge.training import checkpoint
for checkpoint.PATIENCE in (0.3, 60):
    try:
        with checkpoint.locked_state(Path(sys.argv[1]), {}, {}): print('in')
    except InputError as error:
        print(error, file=sys.stderr)
"""


def test_a_second_process_waits_for_the_lock_and_gives_up_in_the_end(
    tmp_path: Path,
) -> None:
    env = {"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "workflow/scripts")}
    command, pipe = [sys.executable, "-c", SECOND, str(tmp_path)], subprocess.PIPE
    with locked_state(tmp_path, {}, {}):
        second = subprocess.Popen(command, env=env, stdout=pipe, stderr=pipe, text=True)
        assert second.stderr is not None
        lines = [second.stderr.readline() for _ in range(3)]
        waiting = "waiting for another process that runs this training\n"
        assert [lines[0], lines[2]] == [waiting, waiting]
        assert "another process runs this training; wait for it, or end it and run" in lines[1]
        assert second.poll() is None
    assert second.communicate() == ("in\n", "")


def test_states_lie_in_a_folder_for_what_they_are_to_become(tmp_path: Path) -> None:
    name = "translators/all/1/model.safetensors"
    assert state_folder(f"results/{name}") == Path("resources/state/results/translators/all/1")
    ours = state_folder(tmp_path / name)
    assert ours == Path("resources/state", str(tmp_path)[1:], "translators/all/1")


def test_a_finished_state_is_smaller_and_gives_the_best_weights(tmp_path: Path) -> None:
    best = {"a": torch.arange(3.0)}
    Checkpointer(tmp_path / "whole", *trained(1, 3), 9).save(VALUES, best)
    Checkpointer(tmp_path / "finished", *trained(1, 3), 9).finish(VALUES, best)
    kept, values = Checkpointer(tmp_path / "finished", *trained(2, 0), 9).load()
    assert (kept.keys(), values) == (best.keys(), VALUES)
    assert torch.equal(kept["a"], best["a"])
    assert (tmp_path / "finished").stat().st_size < (tmp_path / "whole").stat().st_size / 4


def test_a_key_depends_on_params_and_the_bytes_of_inputs(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"1")
    keys = {state_key({"seed": seed}, {"a": file}) for seed in (1, 2)}
    assert state_key({"seed": 1}, {"a": file}) in keys
    file.write_bytes(b"2")
    keys.add(state_key({"seed": 1}, {"a": file}))
    assert len(keys) == 3
    assert state_key({"a": 1, "b": 2}, {}) == state_key({"b": 2, "a": 1}, {})
