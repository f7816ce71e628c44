"""Jobs end when their Snakemake does; nobody else's end touches them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[1] / "workflow/scripts"
JOB = """
import os, sys, time
from wordbridge import lifeline
if sys.argv[1] == "old kernel":
    def refuse(pid):
        raise OSError
    lifeline.os.pidfd_open, lifeline._PAUSE = refuse, 0.05
lifeline.end_with_snakemake()
print("watching", flush=True)
time.sleep(60)
"""


def start(kernel: str, snakemake: int | None) -> subprocess.Popen[bytes]:
    own = {} if snakemake is None else {"WORDBRIDGE_SNAKEMAKE": str(snakemake)}
    command = [sys.executable, "-c", JOB, kernel]
    job = subprocess.Popen(command, env={"PYTHONPATH": str(SCRIPTS)} | own, stdout=subprocess.PIPE)
    assert job.stdout is not None
    job.stdout.readline()
    return job


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


@pytest.mark.parametrize("kernel", ["new kernel", "old kernel"])
def test_a_job_gets_sigterm_when_its_snakemake_is_killed(kernel: str):
    with sleeper() as snakemake, start(kernel, snakemake.pid) as job:
        time.sleep(0.2)
        assert job.poll() is None
        snakemake.kill()
        if kernel == "old kernel":  # there a zombie, which waits for its parent, is still alive
            snakemake.wait()
        assert job.wait(timeout=10) == -15


def test_a_job_whose_snakemake_was_gone_before_it_looked_ends():
    with sleeper() as snakemake:
        snakemake.kill()
    with start("new kernel", snakemake.pid) as job:
        assert job.wait(timeout=10) == -15


def test_what_no_snakemake_started_lives_on():
    with start("new kernel", None) as job:
        time.sleep(0.2)
        assert job.poll() is None
        job.kill()


def test_the_snakefile_and_the_jobs_use_the_same_name():
    from wordbridge import lifeline
    from workflow import endings

    assert endings.SNAKEMAKE == lifeline.SNAKEMAKE
    assert os.environ.get(lifeline.SNAKEMAKE) is None
