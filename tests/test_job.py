"""The log of a job, its errors in one line, its end with its Snakemake, and its record."""

import errno
import hashlib
import json
import os
import pty
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from functools import partial
from multiprocessing.spawn import get_preparation_data
from operator import mul
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from snakemake.iocontainers import Params

from wordbridge import job as job_module
from wordbridge.errors import InputError
from wordbridge.job import (
    error_message,
    machine,
    map_in_processes,
    peak_memory_mb,
    record_path,
    seconds_path,
    seconds_since_start,
    versions,
    write_record,
)

SCRIPTS = Path(__file__).resolve().parents[1] / "workflow" / "scripts"

# The preamble stands in for Snakemake's: it hands over ``snakemake`` and the script's real path.
PREAMBLE = """
import os, sys, types
from pathlib import Path
from wordbridge.job import start_job
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
    job.write_text(f"{preamble}{stand_in}start_job(snakemake)\n{body}", encoding="utf-8")
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


def test_all_output_goes_to_the_log_in_order_and_nowhere_else(tmp_path: Path):
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
    printed = ["printed où", "to stderr", "from a child", "from C", "logged"]
    assert log.splitlines()[:5] == printed
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
    assert log.startswith("warning: the outputs are complete, but the job has no record (")
    assert log.endswith("to have one: snakemake --force results/toy.txt\n")


def test_an_earlier_log_is_replaced(tmp_path: Path):
    run(tmp_path, "print('a longer first line')\n")
    assert run(tmp_path, "print('second')\n")[1] == "second\n"


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
    assert log.startswith("counting: 3 it in ")
    assert len(log.splitlines()) == 1


def test_fewer_threads_than_results_were_asked_for_with_are_refused(tmp_path: Path):
    done, log = run(tmp_path, "print('began')", settings={"threads": 2})
    assert done.returncode == 1
    assert log.splitlines() == [
        "error: threads: expected 2 as configured, got 1, since there are no more cores; "
        "start with --cores 2 or more, or lower threads in the config"
    ]
    assert run(tmp_path, "print('began')", settings={"threads": 1})[1] == "began\n"


def too_much(library: str) -> None:
    if library == "numpy":
        np.empty(2**60, np.uint8)
    torch.empty(2**60, dtype=torch.uint8)


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_memory_that_a_library_does_not_get_is_one_line_with_advice(library: str):
    with pytest.raises((MemoryError, RuntimeError)) as raised:
        too_much(library)
    line = error_message(raised.value)
    assert line is not None
    assert line.startswith("expected more memory, got ")
    assert line.endswith("lower batch_size, and run the same command again")
    assert os.linesep not in line


def test_what_a_person_can_act_on_is_one_line_and_the_rest_has_none():
    words = "x: expected a, got b; correct it"
    assert error_message(InputError(words)) == words
    assert "Ctrl-C" in str(error_message(KeyboardInterrupt()))
    assert error_message(KeyError("x")) is None
    assert error_message(FileNotFoundError(errno.ENOENT, "No such file", "x")) is None


def test_what_the_system_refuses_is_one_line_that_names_the_file():
    line = error_message(PermissionError(errno.EACCES, "Permission denied", "some/file"))
    assert line == (
        "some/file: expected one that can be read or written, got Permission denied; "
        "check the path, its permissions and the disk"
    )


JOB = """
import os, sys, time
from wordbridge import job
if sys.argv[1] == "old kernel":
    def refuse(pid):
        raise OSError
    job.os.pidfd_open, job._PAUSE = refuse, 0.05
if os.environ.get(job.SNAKEMAKE):
    job.exit_with_parent(int(os.environ[job.SNAKEMAKE]))
print("watching", flush=True)
time.sleep(60)
"""


def start(kernel: str, snakemake: int | None) -> subprocess.Popen[bytes]:
    variables = {} if snakemake is None else {"WORDBRIDGE_SNAKEMAKE": str(snakemake)}
    command = [sys.executable, "-c", JOB, kernel]
    job = subprocess.Popen(
        command, env={"PYTHONPATH": str(SCRIPTS)} | variables, stdout=subprocess.PIPE
    )
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


def test_processes_take_few_items_ahead_and_return_results_in_order():
    started: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            started.append(number)
            yield number

    for number, result in enumerate(map_in_processes(partial(mul, 3), items(), 2)):
        assert result == 3 * number
        assert len(started) <= number + 5
    assert len(started) == 20


def test_a_new_process_does_not_run_the_script_again(monkeypatch: pytest.MonkeyPatch):
    script = ModuleType("__main__")
    script.__file__ = "/a/script.py"
    monkeypatch.setitem(sys.modules, "__main__", script)
    assert any(key.startswith("init_main") for key in get_preparation_data("alone"))
    with job_module._without_main():
        assert not any(key.startswith("init_main") for key in get_preparation_data("alone"))


def test_the_snakefile_and_the_jobs_use_the_same_name():
    from workflow import cleanup

    assert cleanup.SNAKEMAKE == job_module.SNAKEMAKE
    assert os.environ.get(job_module.SNAKEMAKE) is None


def test_the_elapsed_time_includes_the_interrupted_runs_of_the_last_checkpoint():
    elapsed = job_module.Elapsed()
    assert elapsed.total() == pytest.approx(seconds_since_start(), abs=1)
    elapsed.continue_from(1000.0)  # a first, finished training of the job
    elapsed.continue_from(3000.0)  # the second, interrupted one
    assert elapsed.total() == pytest.approx(3000 + seconds_since_start(), abs=1)


CODE = {"modules": {"toy.py": "1a"}, "versions": {"numpy": "planned", "no-such-one": "1"}}


def finished_job(checkout: Path, **changes: Any) -> SimpleNamespace:
    """Return what Snakemake passes to a script, its files written."""
    job = {
        "rule": "upper",
        "wildcards": {"variant": "où é", "seed": "1"},
        "config": {"pathvars": {"results": "results/toy"}},
        "input": ["raw.txt"],
        "output": ["results/toy/a.txt", "results/toy/b.txt"],
        "params": Params(fromdict={"settings": {"size": 3, "name": "é"}, "code": CODE}),
        "threads": 2,
    }
    job |= changes
    for name in [*job["input"], *job["output"]]:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text(f"text of {name}")
    return SimpleNamespace(**job)


def test_a_record_names_files_params_code_versions_and_machine(tmp_path: Path):
    job = finished_job(tmp_path)
    (tmp_path / job.output[0]).chmod(0o444)  # as Snakemake leaves what is protected
    write_record(job, tmp_path)
    entry = json.loads((tmp_path / "results/toy/manifest/upper/où é/1.json").read_text("utf-8"))
    assert {key: entry[key] for key in ("rule", "wildcards", "results", "threads", "device")} == {
        "rule": "upper",
        "wildcards": {"variant": "où é", "seed": "1"},
        "results": "results/toy",
        "threads": 2,
        "device": "cpu",
    }
    assert entry["params"] == {"settings": {"size": 3, "name": "é"}}
    assert entry["code"] == {"toy.py": "1a"}
    assert entry["versions"]["numpy"] != "planned"
    assert entry["versions"]["no-such-one"] == "not installed"
    text = b"text of results/toy/b.txt"
    expected = {"sha256": hashlib.sha256(text).hexdigest(), "bytes": len(text)}
    assert entry["outputs"]["results/toy/b.txt"] == expected
    assert list(entry["inputs"]) == ["raw.txt"]


def test_digests_do_not_depend_on_the_order_of_keys(tmp_path: Path):
    digests = set()
    for settings in ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}):
        params = Params(fromdict={"settings": settings, "code": CODE})
        write_record(finished_job(tmp_path, params=params, wildcards={}), tmp_path)
        path = tmp_path / record_path("results/toy", "upper", {})
        digests.add(json.loads(path.read_text())["params_sha256"])
    assert len(digests) == 1


def test_a_download_is_recorded_beside_what_all_experiments_share(tmp_path: Path):
    write_record(finished_job(tmp_path, output=["resources/files/x"], wildcards={}), tmp_path)
    assert (tmp_path / "resources/manifest/upper.json").is_file()
    assert not (tmp_path / "results").exists()


def test_the_seconds_outlive_the_results(tmp_path: Path):
    write_record(finished_job(tmp_path), tmp_path)
    kept = tmp_path / seconds_path("results/toy", "upper", {"variant": "où é", "seed": "1"})
    assert float(kept.read_text()) > 0
    assert kept.is_relative_to(tmp_path / "resources")
    assert not seconds_path("/scratch/results", "upper", {}).is_absolute()


def test_a_job_without_all_its_outputs_has_no_record(tmp_path: Path):
    job = finished_job(tmp_path)
    (tmp_path / job.output[1]).unlink()
    write_record(job, tmp_path)
    assert not list(tmp_path.rglob("*.json"))


def test_the_largest_inputs_are_named_without_a_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(job_module, "LARGEST", 3)
    job = finished_job(tmp_path)
    entry = job_module.job_record(job, tmp_path)
    assert entry["inputs"]["raw.txt"] == {"sha256": None, "bytes": len("text of raw.txt")}
    assert entry["outputs"][job.output[0]]["sha256"]


def test_without_planned_versions_those_of_the_scripts_imports_are_recorded(tmp_path: Path):
    code = {"modules": {"split_pairs.py": "1a", "wordbridge/job.py": "2b"}, "versions": {}}
    entry = job_module.job_record(
        finished_job(tmp_path, params=Params(fromdict={"code": code})), tmp_path
    )
    assert entry["versions"] == versions(["filelock", "networkx", "numpy"])


def test_the_memory_is_this_programs_own_and_its_childrens():
    program = (
        "import subprocess, sys\n"
        "from wordbridge.job import peak_memory_mb, seconds_since_start\n"
        "own = peak_memory_mb()\n"
        "subprocess.run([sys.executable, '-c', 'bytearray(150_000_000)'])\n"
        "print(own, peak_memory_mb(), seconds_since_start())\n"
    )
    held = bytearray(200_000_000)  # of the parent, which the child is not to count
    held[::4096] = b"1" * len(held[::4096])
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
        check=True,
    )
    variables, with_children, seconds = map(float, ran.stdout.split())
    assert variables < 100
    assert with_children > 140
    assert 0 < seconds < 60
    assert peak_memory_mb() > 190
    assert seconds_since_start() > 0


def test_the_machine_is_named_without_this_host():
    description = machine()
    assert set(description) == {"python", "platform", "cpu", "device"}
    assert all(description.values())
    assert os.uname().nodename not in description.values()
