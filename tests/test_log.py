"""What a job's log holds, and when a job refuses to start."""

import os
import pty
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[1] / "workflow" / "scripts"

# The preamble stands in for Snakemake's: it hands over ``snakemake`` and the script's real path.
PREAMBLE = """
import os, sys, types
from pathlib import Path
from wordbridge.log import log_to
__file__ = {script!r}
class Params(types.SimpleNamespace):
    def items(self):
        return vars(self).items()
    def get(self, name, default=None):
        return vars(self).get(name, default)

params = Params(code={{"modules": {modules!r}, "versions": {{"numpy": "0"}}}},
    settings={settings!r})
snakemake = types.SimpleNamespace(
    log=[{log!r}], params=params, rule="toy", wildcards={{"seed": "1"}}, config={{}}, threads=1,
    input=[], output=["results/toy.txt"],
)
"""


def run(
    tmp_path: Path,
    body: str,
    edited: bool = False,
    settings: Mapping[str, object] | None = None,
    shown: int = subprocess.PIPE,
) -> tuple[subprocess.CompletedProcess[str], str]:
    """Return the finished script process, with ``shown`` as standard error, and its log's text."""
    script = SCRIPTS / "toy_of_test_log.py"  # a path only; the digest is replaced below
    log = tmp_path / "logs" / "toy.log"
    modules = {"toy.py": "1", "helper.py": "2" if edited else "3"}
    preamble = PREAMBLE.format(script=str(script), modules=modules, log=str(log), settings=settings)
    stand_in = (
        "import runpy\n"
        "runpy.run_path = lambda _: {'digest': lambda _: {'toy.py': '1', 'helper.py': '3'}}\n"
    )
    job = tmp_path / "job.py"
    job.write_text(f"{preamble}{stand_in}log_to(snakemake)\n{body}", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, job],
        env=os.environ | {"PYTHONPATH": str(SCRIPTS), "PYTHONUNBUFFERED": "", "LC_ALL": "C"},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=shown,
        text=True,
        check=False,
    )
    return done, log.read_text(encoding="utf-8")


def test_all_that_is_said_goes_to_the_log_in_order_and_nowhere_else(tmp_path: Path):
    body = """
import logging, warnings
print("printed où")
print("to stderr", file=sys.stderr)
os.system("echo from a child")
os.write(1, b"from C\\n")
logging.getLogger("any").info("logged")
warnings.warn("warned")
print("last")
"""
    done, log = run(tmp_path, body)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    said = ["printed où", "to stderr", "from a child", "from C", "logged"]
    assert log.splitlines()[:5] == said
    assert "UserWarning: warned" in log
    assert log.splitlines()[-1] == "last"


def test_an_expected_error_is_one_last_line_and_no_traceback(tmp_path: Path):
    body = """
from wordbridge.errors import InputError
print("working")
try:
    {}["x"]
except KeyError as error:
    raise InputError("x: expected a number, got nothing; add it") from error
"""
    done, log = run(tmp_path, body)
    assert done.returncode == 1
    assert log == "working\nerror: x: expected a number, got nothing; add it\n"


def test_an_unexpected_error_brings_its_traceback(tmp_path: Path):
    done, log = run(tmp_path, "[][3]\n")
    assert done.returncode == 1
    assert log.startswith("Traceback (most recent call last):")
    assert log.endswith("IndexError: list index out of range\n")


@pytest.mark.parametrize(("signal", "status"), [("SIGINT", -2), ("SIGTERM", -15)])
def test_signals_end_the_job_as_if_there_were_no_log(tmp_path: Path, signal: str, status: int):
    # A shell starts what it puts in the background with SIGINT ignored, and that is inherited.
    usual = "signal.signal(signal.SIGINT, signal.default_int_handler)"
    done, _ = run(tmp_path, f"import signal\n{usual}\nos.kill(os.getpid(), signal.{signal})\n")
    assert done.returncode == status


def test_code_edited_after_the_start_of_the_workflow_stops_the_job(tmp_path: Path):
    done, log = run(tmp_path, "print('not reached')\n", edited=True)
    assert done.returncode == 1
    assert log.startswith("error: code changed after the workflow started: expected helper.py as")
    assert log.count("\n") == 1


WRITES = """
from pathlib import Path
Path("results").mkdir()
Path("results/toy.txt").write_text("made")
"""


@pytest.mark.parametrize(
    ("ending", "recorded"),
    [
        ("", True),
        ("raise ValueError", False),
        ("from wordbridge.errors import InputError\nraise InputError('a: expected b')", False),
        ("os.kill(os.getpid(), 9)", False),
        ("os.remove('results/toy.txt')", False),
        ("os.chdir('/')", True),
        ("os.fork() or os._exit(0)\nos.wait()", True),
    ],
    ids=["end", "unexpected", "expected", "killed", "no output", "elsewhere", "forked"],
)
def test_only_a_job_that_ends_well_leaves_a_record(tmp_path: Path, ending: str, recorded: bool):
    done, _ = run(tmp_path, f"{WRITES}\n{ending}\n")
    record = tmp_path / "results/manifest/toy/1.json"
    assert record.exists() is recorded
    assert (done.returncode == 0) is (recorded or "remove" in ending)


def test_a_record_that_cannot_be_written_costs_no_output(tmp_path: Path):
    done, log = run(tmp_path, f"{WRITES}\nPath('results/manifest').write_text('in the way')\n")
    assert done.returncode == 0
    assert log.startswith("warning: the outputs stand, but the job has no record (")
    assert log.endswith("to have one: snakemake --force results/toy.txt\n")


def test_an_earlier_log_is_replaced(tmp_path: Path):
    run(tmp_path, "print('a longer first line')\n")
    assert run(tmp_path, "print('second')\n")[1] == "second\n"


def test_a_script_of_another_checkout_does_not_run_with_this_package(tmp_path: Path):
    done, log = run(tmp_path, "pass\n")
    assert done.returncode == 0, log
    job = tmp_path / "job.py"
    text = job.read_text()
    job.write_text(text.replace(str(SCRIPTS / "toy_of"), str(tmp_path / "other/scripts/toy_of")))
    subprocess.run(
        [sys.executable, job], env=os.environ | {"PYTHONPATH": str(SCRIPTS)}, check=False
    )
    log = (tmp_path / "logs/toy.log").read_text()
    assert log.startswith("error: another wordbridge was imported: expected the one beside")
    assert log.endswith("run `pip install -e .` in the checkout\n")


def test_a_terminal_gets_a_bar_and_the_log_plain_lines(tmp_path: Path):
    body = """
from wordbridge.progress import progress
for _ in progress(range(3), "counting"):
    pass
"""
    terminal, inner = pty.openpty()
    termios.tcsetwinsize(inner, (24, 80))
    os.set_blocking(terminal, False)
    done, log = run(tmp_path, body, shown=inner)
    drawn = os.read(terminal, 10_000)  # before the last of the other end is closed
    os.close(inner)
    os.close(terminal)
    assert done.returncode == 0
    assert b"toy seed counting: " in drawn
    assert log.startswith("counting: 3 it, ")
    assert len(log.splitlines()) == 1


def test_fewer_threads_than_results_were_asked_for_with_are_refused(tmp_path: Path):
    done, log = run(tmp_path, "print('began')", settings={"threads": 2})
    assert done.returncode == 1
    assert log.splitlines() == [
        "error: threads: expected 2 as configured, got 1, since there are no more cores; "
        "start with --cores 2 or more, or lower threads in the config"
    ]
    assert run(tmp_path, "print('began')", settings={"threads": 1})[1] == "began\n"
