"""What a finished tree, the mini experiment's, says of its files, and of what would run again."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cases import case
from tests.mini_tree import COLLECTING, CONFIG, RESULTS, edit, options
from wordbridge.manifest import EXCEPTIONS, traced, verified

Jobs = Callable[..., dict[str, int]]

# Folders of RESULTS whose files no job records.
UNRECORDED = {one.folder for one in EXCEPTIONS if not one.recorded}


def why(checkout: Path, *arguments: str | Path) -> dict[str, Any]:
    """Return what ``wordbridge why --json ARGUMENTS`` says in a checkout."""
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "from wordbridge.cli import app; app()",
            "why",
            "--json",
            *arguments,
        ],
        env=os.environ | {"PYTHONPATH": str(checkout / "workflow/scripts")},
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return dict(json.loads(told.stdout))


def test_every_file_is_as_its_job_recorded_and_is_traced_to_what_was_fetched(finished: Path):
    (line,), right = verified(finished / RESULTS, None, as_json=False)
    assert right, line
    made = [path for path in (finished / RESULTS).rglob("*") if path.is_file()]
    made = [path for path in made if path.relative_to(finished).parts[2] not in UNRECORDED]
    assert f": {len(made)} files of " in line
    text, intact = traced(finished / RESULTS / "tables/scores.tsv", as_json=True)
    jobs = json.loads(text[0])["jobs"]
    assert intact
    assert {job["rule"] for job in jobs[:2]} == {"fetch_resource"}
    assert jobs[-1]["rule"] == "tabulate_scores"


EDIT_OF_EVERYTHING = (
    ("      epochs: 1\n    training:\n      epochs: 2", "    training:\n      epochs: 3"),
    ("seeds: [1, 2]", "seeds: [1, 2, 3]"),
)


@pytest.mark.parametrize(
    ("edits", "module", "deleted", "causes"),
    [
        case(
            "keys, a seed, a module and a file",
            EDIT_OF_EVERYTHING,
            "report/sheet.py",
            "tables/leaks.html",
            {"code", "deleted", "new", "parameter"},
        ),
        case("nothing", (), None, None, set(), dear=True),
        case("an early module", (), "corpus/splits.py", None, {"code"}, dear=True),
        case(
            "one seed less",
            [("seeds: [1, 2]", "seeds: [1]")],
            None,
            None,
            {"inputs", "parameter"},
            dear=True,
        ),
    ],
)
def test_why_names_the_causes_of_exactly_the_jobs_that_snakemake_would_run(
    checkout: Path,
    jobs: Jobs,
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
    told = why(checkout, *options())
    planned = jobs(checkout, *options(), snakefile=checkout / "Snakefile")
    planned = {rule: count for rule, count in planned.items() if rule not in COLLECTING}
    assert Counter(job["rule"] for job in told["jobs"].values()) == planned
    assert {cause[0] for group in told["groups"] for cause in group["causes"]} == causes
    explained = {name for group in told["groups"] for name in group["hit"] + group["follow"]}
    assert explained == set(told["jobs"])
    if module:
        assert f"wordbridge/{module}" in json.dumps(told["groups"])
    assert told["untimed"] == []
