"""How many modules of the package one thing enters on its way."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from typer.testing import CliRunner

from tests.test_cli import finish
from wordbridge.cli import app

PACKAGE = Path(__file__).resolve().parents[1] / "workflow/scripts/wordbridge"
# Reading and writing files, errors and progress are no stations.
NOT_COUNTED = {"errors.py", "files.py", "tensors.py", "progress.py", "job.py"}


def modules_entered(call: Callable[[], Any]) -> set[str]:
    """Return the modules of the package whose functions run in ``call``."""
    entered: set[str] = set()

    def record(frame: FrameType, event: str, _: object) -> None:
        path = frame.f_code.co_filename
        if event == "call" and path.startswith(str(PACKAGE)):
            entered.add(Path(path).relative_to(PACKAGE).as_posix())

    call()  # imports run now
    sys.setprofile(record)
    try:
        call()
    finally:
        sys.setprofile(None)
    return entered - NOT_COUNTED


def test_a_translated_sentence_enters_at_most_14_modules(tmp_path: Path) -> None:
    words = ["translate", "Où est la gare ?", "--results", str(finish(tmp_path))]

    def translate() -> None:
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output

    modules = modules_entered(translate)
    assert len(modules) <= 14, sorted(modules)
    assert {"cli.py", "translation/pipeline.py", "translation/attention.py"} <= modules
