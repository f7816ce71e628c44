"""Snakemake's own plan: what it says when it cannot make one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nonsense"], r"snakemake cannot plan this: unrecognized arguments: --nonsense"),
        (
            ["--config", "device=abacus"],
            r"snakemake cannot plan .* device: expected .* got .abacus.*",
        ),
        (["absent.tsv"], r"snakemake cannot plan this: No rule to produce absent.tsv .*"),
        (["--list-rules"], r"expected targets and options .* snakemake plans nothing; .*"),
    ],
)
def test_an_error_is_one_line_without_what_snakemake_says_anyway(
    tmp_path: Path, arguments: list[str], message: str
):
    mini = ["--snakefile", ROOT / "Snakefile", "--configfile", ROOT / "tests/mini/config.yaml"]
    command = [sys.executable, "-c", "from wordbridge.cli import app; app()", "why"]
    told = subprocess.run(
        [*command, *mini, "--directory", tmp_path, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow/scripts")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stdout) == (1, "")
    assert re.fullmatch(f"error: {message}\n", told.stderr)
