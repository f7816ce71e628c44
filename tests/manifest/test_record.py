"""What a job writes about itself."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake.iocontainers import Params

from wordbridge.manifest import record
from wordbridge.manifest.machine import machine, peak_memory_mb, seconds_since_start, versions
from wordbridge.manifest.record import record_path, seconds_path, write_record

CODE = {"modules": {"toy.py": "1a"}, "versions": {"numpy": "planned", "no-such-one": "1"}}


def finished_job(checkout: Path, **changes: Any) -> SimpleNamespace:
    """Return what Snakemake tells a script, its files written."""
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
    made = json.loads((tmp_path / "results/toy/manifest/upper/où é/1.json").read_text("utf-8"))
    assert {key: made[key] for key in ("rule", "wildcards", "results", "threads", "device")} == {
        "rule": "upper",
        "wildcards": {"variant": "où é", "seed": "1"},
        "results": "results/toy",
        "threads": 2,
        "device": "cpu",
    }
    assert made["params"] == {"settings": {"size": 3, "name": "é"}}
    assert made["code"] == {"toy.py": "1a"}
    assert made["versions"]["numpy"] != "planned"
    assert made["versions"]["no-such-one"] == "not installed"
    text = b"text of results/toy/b.txt"
    expected = {"sha256": hashlib.sha256(text).hexdigest(), "bytes": len(text)}
    assert made["outputs"]["results/toy/b.txt"] == expected
    assert list(made["inputs"]) == ["raw.txt"]


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
    monkeypatch.setattr(record, "LARGEST", 3)
    job = finished_job(tmp_path)
    made = record.job_record(job, tmp_path)
    assert made["inputs"]["raw.txt"] == {"sha256": None, "bytes": len("text of raw.txt")}
    assert made["outputs"][job.output[0]]["sha256"]


def test_without_planned_versions_those_of_the_scripts_imports_are_recorded(tmp_path: Path):
    code = {"modules": {"split_pairs.py": "1a", "wordbridge/log.py": "2b"}, "versions": {}}
    made = record.job_record(
        finished_job(tmp_path, params=Params(fromdict={"code": code})), tmp_path
    )
    assert made["versions"] == versions(["numpy"])


def test_the_memory_is_this_programs_own_and_its_childrens():
    program = (
        "import subprocess, sys\n"
        "from wordbridge.manifest.machine import peak_memory_mb, seconds_since_start\n"
        "own = peak_memory_mb()\n"
        "subprocess.run([sys.executable, '-c', 'bytearray(150_000_000)'])\n"
        "print(own, peak_memory_mb(), seconds_since_start())\n"
    )
    held = bytearray(200_000_000)  # of the parent, which the child is not to count
    held[::4096] = b"1" * len(held[::4096])
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(record.SCRIPTS)},
        capture_output=True,
        text=True,
        check=True,
    )
    own, with_children, seconds = map(float, ran.stdout.split())
    assert own < 100
    assert with_children > 140
    assert 0 < seconds < 60
    assert peak_memory_mb() > 190
    assert seconds_since_start() > 0


def test_the_machine_is_named_without_this_host():
    found = machine()
    assert set(found) == {"python", "platform", "cpu", "device"}
    assert all(found.values())
    assert os.uname().nodename not in found.values()
