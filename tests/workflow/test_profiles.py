"""The two profiles: what they must share, and that Snakemake finds them."""

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml

Workflow = Callable[..., CompletedProcess[str]]

ROOT = Path(__file__).resolve().parents[2]


def profile(name: str) -> dict[str, Any]:
    text = (ROOT / "profiles" / name / "config.yaml").read_text(encoding="utf-8")
    read: dict[str, Any] = yaml.safe_load(text)
    return read


@pytest.mark.parametrize("key", ["rerun-triggers", "max-checksum-file-size", "rerun-incomplete"])
def test_both_profiles_rerun_the_same_jobs(key: str):
    assert profile("slurm")[key] == profile("default")[key]


def test_code_is_no_trigger_because_it_is_a_param():
    assert profile("default")["rerun-triggers"] == ["mtime", "params", "input", "software-env"]


def test_no_profile_sets_the_configuration():
    for name in ("default", "slurm"):
        assert not {"config", "configfile", "replace-workflow-config"} & profile(name).keys()


SNAKEFILE = """
rule all:
    output:
        "result.txt",
    resources:
        gpu=1,
    shell:
        "touch {output}"
"""


def test_the_default_profile_is_found_next_to_the_snakefile_and_limits_gpu_jobs(
    tmp_path: Path, workflow: Workflow
):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "profiles").symlink_to(ROOT / "profiles")
    output = workflow(tmp_path / "elsewhere", snakefile=tmp_path / "Snakefile").stdout
    assert "workflow specific profile profiles/default" in output
    assert "Provided resources: gpu=" in output


def test_at_most_one_gpu_job_runs_per_visible_gpu(
    tmp_path: Path, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,3,GPU-1")
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "profiles").symlink_to(ROOT / "profiles")
    output = workflow(tmp_path / "elsewhere", snakefile=tmp_path / "Snakefile").stdout
    assert re.search(r"Provided resources: gpu=\D*3\b", output)


def test_the_slurm_profile_replaces_the_default_one(tmp_path: Path, workflow: Workflow):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "profiles").symlink_to(ROOT / "profiles")
    arguments = ["--workflow-profile", "profiles/slurm", "--dry-run"]
    output = workflow(tmp_path, *arguments, snakefile=tmp_path / "Snakefile").stdout
    assert "workflow specific profile profiles/slurm" in output
    assert "mem_mb=4000" in output
    assert "runtime=120" in output
    assert "slurm_extra=--signal=TERM@60" in output


@pytest.mark.parametrize("name", ["default", "slurm"])
def test_exactly_the_jobs_that_may_run_on_a_gpu_ask_for_one(
    tmp_path: Path, workflow: Workflow, name: str
):
    options = ["--workflow-profile", f"profiles/{name}", "--config", "device=cuda"]
    output = workflow(tmp_path, "--dry-run", *options).stdout
    jobs = re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)+)", output, flags=re.MULTILINE)
    assert {rule for rule, described in jobs if "gpu=1" in described} == {
        *("train_translator", "find_learning_rate", "translate_questions", "score_translations"),
        *("measure_attention", "extract_features", "train_head", "find_head_learning_rate"),
        "predict_images",
    }
