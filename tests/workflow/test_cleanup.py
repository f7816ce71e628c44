"""Cleanup between runs: locks of killed runs go, those of other runs and states stay."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from workflow import cleanup

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("_prepare_dag", "_build_dag", "onsuccess", "onerror")
LIVING = (
    "from workflow.cleanup import remove_stale_locks; remove_stale_locks(is_main=True); "
    "print(flush=True); input()"
)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test in a folder with a lock of Snakemake."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(cleanup.SNAKEMAKE, "")
    monkeypatch.setattr(cleanup, "_open_files", [])
    cleanup.LOCKS.mkdir(parents=True)
    (cleanup.LOCKS / "0.output.lock").write_text("results/a\n")


def begin(is_main: bool = True) -> bool:
    """Return whether locks are left after ``begin``; forget that this process lives."""
    cleanup.remove_stale_locks(is_main)
    cleanup._open_files.pop().close()
    return any(cleanup.LOCKS.iterdir())


def snakemake(**changes: object) -> SimpleNamespace:
    """Return what Snakemake is for ``install_hooks``: a main process that will run jobs."""
    kept = {
        **{"executor_plugin": object(), "dryrun": False, "is_main_process": True},
        "persistence": SimpleNamespace(finished=None),
    }
    ignored = {name: lambda *_: None for name in NAMES}
    return SimpleNamespace(**{**kept, **ignored, **changes})


def test_the_locks_of_a_dead_snakemake_are_removed(capsys: pytest.CaptureFixture[str]):
    assert begin()  # their owner is unknown so far
    assert not begin()
    assert capsys.readouterr().err == "Removed the locks of a Snakemake that was killed.\n"
    assert not begin()
    assert capsys.readouterr().err == ""


def test_the_locks_of_a_living_snakemake_stay_until_it_is_killed(tmp_path: Path):
    (cleanup.LOCKS / "0.output.lock").unlink()
    command = [sys.executable, "-c", LIVING]
    with subprocess.Popen(
        command, env={"PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as living:
        assert living.stdout is not None
        living.stdout.readline()
        (cleanup.LOCKS / "0.output.lock").touch()
        assert begin()
        living.kill()
    assert not begin()


def test_locks_stay_if_another_host_has_run_here(monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as other:
        other.setattr(cleanup.socket, "gethostname", lambda: "other")
        assert begin()
    assert begin()
    assert begin()


def test_locks_stay_where_files_cannot_be_locked(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert begin()


def test_the_process_of_a_job_registers_but_removes_no_locks():
    assert begin()
    assert begin(is_main=False)
    assert not begin()


@pytest.mark.parametrize(
    ("changes", "begins"),
    [({}, True), ({"dryrun": True}, False), ({"executor_plugin": None}, False)],
    ids=["a run", "a dry run", "a look at the rules"],
)
def test_only_a_run_of_jobs_registers_the_process(changes: dict[str, object], begins: bool):
    prepared: list[object] = []
    run = snakemake(
        _prepare_dag=lambda *args, **options: prepared.append((args, options)), **changes
    )
    cleanup.install_hooks(run)
    assert not cleanup.PRESENCE.exists()
    run._prepare_dag(1, forceall=False)
    assert prepared == [((1,), {"forceall": False})]
    assert cleanup.PRESENCE.exists() is begins
    for file in cleanup._open_files:
        file.close()


def test_only_the_states_of_recorded_jobs_are_removed():
    jobs = [SimpleNamespace(output=["results/translators/all/1/model.safetensors"])]
    for seed in (1, 2):
        (cleanup.STATES / f"results/translators/all/{seed}").mkdir(parents=True)
        (cleanup.STATES / f"results/translators/all/{seed}/x.safetensors").touch()
    cleanup.remove_states(jobs)
    folder = cleanup.STATES / "results/translators/all"
    assert [path.name for path in folder.iterdir()] == ["2"]
    jobs[0].output = ["results/translators/all/2/model.safetensors"]
    cleanup.remove_states(jobs)
    assert not cleanup.STATES.exists()


def test_the_states_below_the_folder_of_a_recorded_file_stay():
    state = cleanup.STATES / "results/mini/translators/all/1/x.safetensors"
    state.parent.mkdir(parents=True)
    state.touch()
    above = ["config.json", "translators/all.json", "translators/config.json"]
    cleanup.remove_states([SimpleNamespace(output=[f"results/mini/{name}" for name in above])])
    assert state.exists()


def test_states_of_finished_jobs_are_removed_after_success_and_failure(
    capsys: pytest.CaptureFixture[str],
):
    at_end: dict[str, Callable[[list[Path]], None]] = {}
    first, second = (
        SimpleNamespace(output=[f"results/translators/all/{seed}/model"]) for seed in (1, 2)
    )
    for seed in (1, 2):
        (cleanup.STATES / f"results/translators/all/{seed}").mkdir(parents=True)
    run = snakemake(
        dag=SimpleNamespace(jobs=[first, second], finished_jobs=[first]),
        onsuccess=lambda do: at_end.update(success=do),
        onerror=lambda do: at_end.update(error=do),
    )
    cleanup.install_hooks(run)
    log = Path("log")
    log.write_text("Command 'python a' died with <Signals.SIGKILL: 9>.")
    at_end["error"]([log])
    assert [path.name for path in (cleanup.STATES / "results/translators/all").iterdir()] == ["2"]
    assert capsys.readouterr().err.startswith("error: a job was killed")
    at_end["success"]([log])
    assert not cleanup.STATES.exists()


@pytest.mark.parametrize(
    ("words", "explained"),
    [
        ("Command 'python a' died with <Signals.SIGKILL: 9>.", True),
        ("Command 'bash -c a' returned non-zero exit status 137.", True),
        ("Command 'python a' returned non-zero exit status 1.", False),
    ],
)
def test_a_killed_job_gets_an_explanation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str, explained: bool
):
    log = tmp_path / "log"
    log.write_text(words)
    cleanup.explain_kill([log])
    message = capsys.readouterr().err
    assert message.startswith("error: a job was killed (SIGKILL), which is what") is explained
    assert message.count("\n") == explained


TOY = """
from workflow.cleanup import install_hooks

rule last:
    input: "b"

rule copy:
    input: "a"
    output: "b"
    shell: "cp a b"

rule write:
    input: "source"
    output: "a"
    params: config["command"]
    shell: "cat source > a; {params}"

install_hooks(workflow)
"""


def toy(command: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the toy workflow, whose first job begins with a shell command."""
    arguments = ["--cores", "1", *options, "--config", f"command={command}"]
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("change", ["params", "input"])
def test_a_job_that_fails_stays_stale_with_all_below_it(change: str):
    Path("Snakefile").write_text(TOY)
    Path("source").write_text("old")
    assert toy("test ! -e fail").returncode == 0
    if change == "input":
        Path("source").write_text("new")
    Path("fail").touch()
    command = "test ! -e fail" if change == "input" else "test 1 = 2"
    assert toy(command).returncode == 1
    assert not Path("a").exists()
    plan = toy(command, "--dry-run")
    assert {"write", "copy"} <= set(re.findall(r"^rule (\w+):", plan.stdout, re.MULTILINE))


def test_outputs_without_a_record_bring_a_warning():
    Path("Snakefile").write_text(TOY)
    Path("source").write_text("text")
    words = "warning: the outputs of 2 jobs have no record in .snakemake"
    assert words not in toy("true").stderr
    assert words not in toy("echo", "--dry-run").stderr  # recorded and stale
    shutil.rmtree(".snakemake/metadata")
    for options in ([], ["--dry-run"]):
        assert words in toy("echo", *options).stderr
    assert toy("true", "--forceall", "--touch").returncode == 0
    plan = toy("echo", "--dry-run")
    assert {"write", "copy"} <= set(re.findall(r"^rule (\w+):", plan.stdout, re.MULTILINE))
    assert words not in plan.stderr


def test_downloads_without_a_record_bring_no_warning():
    assert f"rule {cleanup.DOWNLOAD}:" in (ROOT / "workflow/rules/sources.smk").read_text()
    Path("Snakefile").write_text(TOY.replace("rule write:", f"rule {cleanup.DOWNLOAD}:"))
    Path("source").write_text("text")
    assert toy("true").returncode == 0
    shutil.rmtree(".snakemake/metadata")
    assert "warning: the outputs of 1 job have no record" in toy("true", "--dry-run").stderr
