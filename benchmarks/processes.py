"""Fresh processes, and the memory that processes take."""

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import ParamSpec, TypeVar
from unittest.mock import patch

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def alone(
    stage: Callable[Parameters, Result], *arguments: Parameters.args, **named: Parameters.kwargs
) -> Result:
    """Return what ``stage`` returns in a fresh process, which has imported only its module."""
    # Otherwise it would begin with all that the command has imported.
    hidden = patch.dict(sys.modules, {"__main__": ModuleType("__main__")})
    with hidden, ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(stage, *arguments, **named).result()


def peak_mb(process: int | str = "self") -> float:
    """Return the most memory in MB that a process has held so far; NaN where there is no /proc.

    Not getrusage's figure: that begins with the peak of the process that started this one.
    """
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        return float("nan")
    return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
