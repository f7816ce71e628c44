"""Errors of a run as users see them: one of the last lines, without a traceback."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mini_tree import CONFIG, RESULTS, ROOT, edit, options

Workflow = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        (
            [("  max_steps:", "  max_step:")],
            "(did you mean max_steps?); correct or remove it",
        ),
        (
            [("device: cpu", "device: cpu\nquestions: {en_pattern: 'Wh(at'}")],
            "questions.en_pattern: expected text or null that is a valid regex, got",
        ),
        (
            [("questions.fr.txt", "questions.txt")],
            "error: resource mini_fr: none of 2 locations has it:",
        ),
        (
            [("mini/questions.fr.txt\n    sha256: 0c", "mini/config.yaml\n    citation: 0c")],
            "error: expected line-aligned texts, got ",
        ),
    ],
    ids=["unknown key", "no regular expression", "no such file", "files of different lengths"],
)
def test_an_error_is_one_line_among_the_last_ones(
    tmp_path: Path, workflow: Workflow, edits: list[tuple[str, str]], message: str
):
    shutil.copytree(ROOT / "tests/mini", tmp_path / "tests/mini")
    for old, new in edits:
        edit(tmp_path / CONFIG, old, new)
    target = f"{RESULTS}/questions/pairs.tsv"
    shown = workflow(tmp_path, target, *options(tmp_path / CONFIG), ok=False).stdout
    lines = shown.splitlines()
    numbers = [number for number, line in enumerate(lines) if message in line]
    assert len(numbers) == 1, shown
    assert len(lines) - numbers[0] < 20, shown
    assert "Traceback" not in shown
