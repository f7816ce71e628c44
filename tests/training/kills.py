"""Trainings that end before they are finished: after some saved states, or by a signal."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from unittest.mock import patch

from wordbridge.training import checkpoint

ROOT = Path(__file__).resolve().parents[2]
JOB = """
import os
import sys
from importlib import import_module
from pathlib import Path
tests, state = import_module(sys.argv[1]), Path(sys.argv[2])
state.with_name("pid").write_text(str(os.getpid()))
tests.run(tests.LONGER, state=state)
"""


class Killed(Exception):
    """The process ends here."""


def killed_after(saves: int) -> AbstractContextManager[Any]:
    """Let the process end right after a number of saved states."""
    left, save = [saves], checkpoint.write_state

    def dying(*arguments: Any) -> None:
        save(*arguments)
        left[0] -= 1
        if not left[0]:
            raise Killed

    return patch.object(checkpoint, "write_state", dying)


def killed_process(
    python: Callable[..., CompletedProcess[str]], module: str, state: Path, number: int
) -> CompletedProcess[str]:
    """Return the process of ``run(LONGER)`` of a test module, which got a signal when it saved."""
    path = f"{ROOT}{os.pathsep}{ROOT / 'workflow/scripts'}"
    with ThreadPoolExecutor(1) as pool:
        process = pool.submit(python, "-c", JOB, module, state, cwd=ROOT, path=path)
        while not state.exists():
            assert not process.done(), process.result()
            time.sleep(0.005)
        os.kill(int(state.with_name("pid").read_text()), number)
    return process.result()
