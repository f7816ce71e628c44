"""What a process runs on and what it has used, as far as the system tells."""

import os
import platform
import re
import resource
import sys
import time
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

IMPORTED = time.monotonic()


def machine() -> dict[str, str]:
    """Return the Python, the system, the kind of processor, and the device of the computation."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _processor(),
        "device": _device(),
    }


def versions(distributions: Iterable[str]) -> dict[str, str]:
    """Return {distribution: version} as this process finds them."""
    return {name: _version(name) for name in sorted(distributions)}


def seconds_since_start() -> float:
    """Return how long this process has run; where there is no /proc, since this import."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started
    except (OSError, AttributeError):
        return time.monotonic() - IMPORTED


def peak_memory_mb() -> float:
    """Return the most memory that this process, or one that it waited for, held at once."""
    unit = 1 if sys.platform == "darwin" else 1024
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    return max(_own_peak(unit), children) / 2**20


def _own_peak(unit: int) -> int:
    # getrusage counts what the process held before it became this program: Snakemake's own size.
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        status = ""
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, flags=re.MULTILINE)
    if found:
        return int(found[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _processor() -> str:
    """Return the processor's name and, where torch has computed, the instructions it chose."""
    try:
        known = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        known = ""
    found = re.search(r"^model name\s*:\s*(.+)$", known, flags=re.MULTILINE)
    name = found[1] if found else platform.processor() or platform.machine()
    torch = sys.modules.get("torch")
    return f"{name}, {torch.backends.cpu.get_cpu_capability()}" if torch else name


def _device() -> str:
    """Return the name of the GPU that was used, or cpu; nothing is imported to find out."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return "cpu"
    return str(torch.cuda.get_device_name())


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"
