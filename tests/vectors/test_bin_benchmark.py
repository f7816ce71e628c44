"""The benchmark of the .bin reader, on small files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import wordbridge

PACKAGE = Path(wordbridge.__file__).parents[1]
SCRIPT = PACKAGE.parents[1] / "benchmarks" / "measure_bin_reader.py"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read in /proc")
def test_both_readers_agree_on_a_small_file(tmp_path: Path) -> None:
    arguments = ["--size", "0.004", "--words", "200", "--rounds", "1", "--shapes", "wiki", "words"]
    command = [sys.executable, str(SCRIPT), *arguments, "--folder", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(PACKAGE)}

    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)

    head, *rows = [line.split("\t") for line in done.stdout.splitlines()]
    table = [dict(zip(head, row, strict=True)) for row in rows]
    readers = [(row["shape"], row["reader"]) for row in table]
    assert readers == [(s, r) for s in ("wiki", "words") for r in ("lesson", "wordbridge")]
    for row in table:
        assert float(row["file_mb"]) == pytest.approx(4, rel=0.05)
        assert float(row["largest_difference"]) < 1e-6
        assert float(row["seconds"]) > 0
        assert float(row["peak_mb"]) > 1
    assert not list(tmp_path.iterdir())
