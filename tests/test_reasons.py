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


EDIT_OF_EVERYTHING = (
    ("      epochs: 1\n    training:\n      epochs: 2", "    training:\n      epochs: 3"),
    ("seeds: [1, 2]", "seeds: [1, 2, 3]"),
)


@pytest.mark.parametrize(
    ("edits", "module", "deleted", "causes"),
    [
        pytest.param(
            EDIT_OF_EVERYTHING,
            "report/tables.py",
            "tables/leaks.html",
            {"code", "deleted", "new", "parameter"},
            id="keys, a seed, a module and a file",
        ),
        pytest.param((), None, None, set(), id="nothing", marks=pytest.mark.long),
        pytest.param(
            (), "corpus/splits.py", None, {"code"}, id="an early module", marks=pytest.mark.long
        ),
        pytest.param(
            [("seeds: [1, 2]", "seeds: [1]")],
            None,
            None,
            {"inputs", "parameter"},
            id="one seed less",
            marks=pytest.mark.long,
        ),
    ],
)
def test_why_names_the_causes_of_exactly_the_jobs_that_snakemake_would_run(
    checkout: Path,
    jobs: Jobs,
    why: Callable[..., dict[str, Any]],
    edits: list[tuple[str, str]],
    module: str | None,
    deleted: str | None,
    causes: set[str],
):
    for old, new in edits:
        edit(checkout / CONFIG, old, new)
    if module:
        with (checkout / "workflow/scripts/wordbridge" / module).open("a") as file:
            file.write("\nADDED = 1\n")
    if deleted:
        (checkout / RESULTS / deleted).unlink()
    planned = why(checkout, *options())
    expected = jobs(checkout, *options(), snakefile=checkout / "Snakefile")
    expected = {rule: count for rule, count in expected.items() if rule not in COLLECTING}
    assert Counter(job["rule"] for job in planned["jobs"]) == expected
    assert {cause[0] for job in planned["jobs"] for cause in job["causes"]} == causes
    assert all(job["causes"] or job["after"] for job in planned["jobs"])
    if module:
        assert f"wordbridge/{module}" in json.dumps(planned["jobs"])
    assert planned["untimed"] == []
