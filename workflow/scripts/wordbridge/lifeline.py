"""A process that does not outlive the one that waits for it."""

import os
import select
import signal
import sys
import time
from threading import Thread

# The Snakefile sets it for its jobs. The parent would not do: between the two there may be a
# shell, which a SIGKILL of Snakemake leaves alive.
SNAKEMAKE = "WORDBRIDGE_SNAKEMAKE"

_PAUSE = 1.0  # seconds between two looks, where the kernel does not tell


def end_with(pid: int) -> None:
    """Let this process get a SIGTERM as soon as the process ``pid`` is gone.

    A training saves its state then and stops; everything else just ends.
    """
    Thread(target=_end_after, args=(pid,), daemon=True).start()


def end_with_snakemake() -> None:
    """Do the same with the Snakemake whose job this process is, if it is one."""
    pid = os.environ.get(SNAKEMAKE)
    if pid:
        end_with(int(pid))


def _end_after(pid: int) -> None:
    _wait(pid)
    os.kill(os.getpid(), signal.SIGTERM)


def _wait(pid: int) -> None:
    """Return when the process ``pid`` has ended."""
    if sys.platform == "linux":
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        except OSError:  # an old kernel, or a container that forbids it
            pass
        else:
            select.select([descriptor], [], [])
            return
    while _is_there(pid):
        time.sleep(_PAUSE)


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, so it is not the one that was meant
        return False
    return True
