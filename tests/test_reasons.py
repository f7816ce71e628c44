"""Verification of the finished mini experiment, and the causes of stale jobs."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.mini_tree import COLLECTING, CONFIG, RESULTS, edit, options
from wordbridge.manifest import UNRECORDED_FOLDERS, trace, verify

Jobs = Callable[..., dict[str, int]]


@pytest.fixture
def why(python: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., dict[str, Any]]:
    """Return the output of ``wordbridge why --json ARGUMENTS`` in a checkout."""

    def run(checkout: Path, *arguments: str | Path) -> dict[str, Any]:
        command = ["-c", "from wordbridge.cli import app; app()", "why", "--json"]
        done = python(*command, *arguments, cwd=checkout, path=checkout / "workflow/scripts")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    return run


def test_every_file_is_as_recorded_and_is_traced_to_the_downloads(finished: Path):
    (report,) = verify(finished / RESULTS)
    assert report.ok, report.lines
    files = [path for path in (finished / RESULTS).rglob("*") if path.is_file()]
    files = [p for p in files if p.relative_to(finished).parts[2] not in UNRECORDED_FOLDERS]
    assert report.values["files"] == len(files)
    report = trace(finished / RESULTS / "tables/scores.tsv")
    jobs = report.values["jobs"]
    assert report.ok
    assert {job["rule"] for job in jobs[:2]} == {"fetch_resource"}
    assert jobs[-1]["rule"] == "tabulate_scores"


def test_why_names_the_causes_of_exactly_the_jobs_that_snakemake_would_run(
    checkout: Path, jobs: Jobs, why: Callable[..., dict[str, Any]]
):
    longer = "      epochs: 1\n    training:\n      epochs: 2", "    training:\n      epochs: 3"
    edit(checkout / CONFIG, *longer)
    edit(checkout / CONFIG, "seeds: [1, 2]", "seeds: [1, 2, 3]")
    with (checkout / "workflow/scripts/wordbridge/report/tables.py").open("a") as module:
        module.write("\nADDED = 1\n")
    (checkout / RESULTS / "tables/leaks.html").unlink()
    planned = why(checkout, *options())
    expected = jobs(checkout, *options(), snakefile=checkout / "Snakefile")
    expected = {rule: count for rule, count in expected.items() if rule not in COLLECTING}
    assert Counter(job["rule"] for job in planned["jobs"]) == expected
    causes = [cause for job in planned["jobs"] for cause in job["causes"]]
    assert {cause[0] for cause in causes} == {"code", "deleted", "new", "parameter"}
    assert "wordbridge/report/tables.py" in {cause[1] for cause in causes}
    assert all(job["causes"] or job["after"] for job in planned["jobs"])
    assert planned["untimed"] == []
