"""Tests of the benchmarks on small files."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.measure_extraction import METHODS, cosine, readable
from wordbridge.images.efficientnet import EfficientNetLite

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read in /proc")
def test_both_readers_agree_on_a_small_file(tmp_path: Path) -> None:
    arguments = ["--size", "0.004", "--words", "200", "--rounds", "1", "--shapes", "wiki", "words"]
    arguments += ["--folder", str(tmp_path)]
    command = [sys.executable, "-m", "benchmarks.measure_bin_reader", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow" / "scripts")}

    process = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True, env=environment
    )

    head, *rows = [line.split("\t") for line in process.stdout.splitlines()]
    table = [dict(zip(head, row, strict=True)) for row in rows]
    readers = [(row["shape"], row["reader"]) for row in table]
    assert readers == [(s, r) for s in ("wiki", "words") for r in ("lesson", "wordbridge")]
    for row in table:
        assert float(row["file_mb"]) == pytest.approx(4, rel=0.05)
        assert float(row["largest_difference"]) < 1e-6
        assert float(row["seconds"]) > 0
        assert float(row["peak_mb"]) > 1
    assert not list(tmp_path.iterdir())


def test_both_extractions_compute_the_same_features(tmp_path: Path) -> None:
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

    features = {name: METHODS[name](options)(files) for name in ("loop", "wordbridge")}

    assert features["loop"].shape == features["wordbridge"].shape == (3, 2560)
    assert cosine(features["wordbridge"], features["loop"]) > 0.999
    assert cosine(features["wordbridge"], features["loop"][[1, 2, 0]]) < 0.999


def test_a_folder_without_images_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no images"):
        readable(tmp_path)
