"""The ways that the benchmark of the extraction compares."""

import argparse
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.measure_extraction import WAYS, cosine, readable
from wordbridge.images.efficientnet import EfficientNetLite


def test_the_ways_do_the_same_with_the_same_files(tmp_path: Path):
    torch.manual_seed(6)
    network = EfficientNetLite("efficientnet_lite0")
    torch.save(network.state_dict(), tmp_path / "weights")
    (tmp_path / "a").mkdir()
    for number in range(3):
        noise = np.random.default_rng(number).integers(256, size=(9, 12, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((300, 260)).save(tmp_path / "a" / f"{number}.png")
    options = argparse.Namespace(
        backbone="efficientnet_lite0", weights=tmp_path / "weights", threads=1, batch_size=2
    )
    files = readable(tmp_path)
    assert [path.name for path in files] == ["0.png", "1.png", "2.png"]

    made = {way: WAYS[way](options)(files) for way in ("loop", "wordbridge")}

    assert made["loop"].shape == made["wordbridge"].shape == (3, 2560)
    assert cosine(made["wordbridge"], made["loop"]) > 0.999
    assert cosine(made["wordbridge"], made["loop"][[1, 2, 0]]) < 0.999


def test_a_folder_without_images_is_one_line(tmp_path: Path):
    with pytest.raises(SystemExit, match="no images"):
        readable(tmp_path)
