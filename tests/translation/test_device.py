"""Tests of the choice of a device."""

from pathlib import Path
from unittest.mock import patch

import pytest
import torch

from wordbridge.errors import InputError
from wordbridge.translation import device


@pytest.mark.parametrize("wanted", ["cpu", "auto"])
def test_without_a_gpu_the_processor_is_taken(wanted: str) -> None:
    with patch.object(torch.cuda, "is_available", return_value=False):
        assert device.choose_device(wanted, 1) == torch.device("cpu")
    assert torch.get_num_threads() == 1


def test_a_gpu_that_is_wanted_but_absent_is_an_error() -> None:
    with (
        patch.object(torch.cuda, "is_available", return_value=False),
        pytest.raises(InputError, match="device: cuda is configured"),
    ):
        device.choose_device("cuda", 1)


def test_processes_claim_different_gpus_and_share_the_first_when_all_are_taken(
    tmp_path: Path,
) -> None:
    # Locks of different open files exclude each other within a process as between processes.
    with patch.object(device.tempfile, "gettempdir", return_value=str(tmp_path)):
        claimed, kept = [], []
        for _ in range(3):
            with patch.dict(device._claims, clear=True):
                claimed.append(device._claim(2))
                assert device._claim(2) == claimed[-1]  # once claimed, always the same
                kept.append(dict(device._claims))
        for files in kept:
            for lock in files.values():
                lock.close()
    assert claimed == [0, 1, 0]
