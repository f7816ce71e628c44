"""Tests of the choice of a device."""

from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
import torch

from wordbridge.errors import InputError
from wordbridge.training import device


@pytest.mark.parametrize("name", ["cpu", "auto"])
def test_without_a_gpu_the_cpu_is_used(name: str) -> None:
    with patch.object(torch.cuda, "is_available", return_value=False):
        assert device.choose_device(name, 1) == torch.device("cpu")
    assert torch.get_num_threads() == 1


def test_an_absent_gpu_is_an_error() -> None:
    with (
        patch.object(torch.cuda, "is_available", return_value=False),
        pytest.raises(InputError, match="device: expected a GPU that torch can use"),
    ):
        device.choose_device("cuda", 1)


@pytest.fixture
def claim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[int, str | None], int]]:
    """Claim one of several GPUs as another process does, with the CUDA_VISIBLE_DEVICES it has."""
    # Locks of different open files exclude each other within a process as between processes.
    monkeypatch.setattr(device.tempfile, "gettempdir", lambda: str(tmp_path))
    kept = []

    def claimed(count: int, visible: str | None = None) -> int:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        if visible is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        with patch.dict(device._claims, clear=True):
            number = device._claim_gpu(count)
            if device._claims:
                assert device._claim_gpu(count) == number  # once claimed, always the same
            kept.append(dict(device._claims))
        return number

    yield claimed
    for files in kept:
        for lock in files.values():
            lock.close()


def test_processes_claim_different_gpus_and_say_so_when_they_must_share(
    claim: Callable[..., int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device.os, "getpid", lambda: 7)
    assert [claim(2), claim(2)] == [0, 1]
    assert capsys.readouterr().err == ""
    assert claim(2) == 1
    assert capsys.readouterr().err == "no GPU is free: GPU 1 is shared with another job\n"


def test_processes_that_see_different_gpus_claim_by_what_these_are_called_outside(
    claim: Callable[..., int],
) -> None:
    assert claim(1, "0") == 0
    assert claim(3, "0, 1,2") == 1
    assert claim(3) == 2
