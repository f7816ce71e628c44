"""Reserved names: every name with which two jobs would write one file is refused."""

import re
from collections.abc import Iterator
from functools import reduce
from pathlib import Path

import pytest

from tests.staleness import SCHEMA, base, prepared
from workflow.config_errors import resolve
from workflow.relations import reserved_names

# Wildcards for names in the configuration: where these are defined, and where listed.
BLOCKS = {
    "set": "image_sets",
    "method": "methods",
    "variant": "variants",
    "resource": "resources",
    "example": "search.examples",
}
LISTS = {"set": ("images", "unlabelled_sets")}


def allowed(block: str) -> str:
    """Return the pattern that the schema has for names in a block."""
    node = reduce(lambda at, part: at["properties"][part], block.split("."), SCHEMA)
    pattern: str = resolve(node["propertyNames"], SCHEMA)["pattern"]
    return pattern.removeprefix("^").removesuffix("$")


def free(output: str) -> re.Pattern[str]:
    """Return the paths that an output would have if entries had any name that the schema allows."""

    def one(piece: str) -> str:
        if not piece.startswith("{"):
            return re.escape(piece)
        name, _, limit = piece[1:-1].partition(",")
        return f"(?P<{name}>{allowed(BLOCKS[name]) if name in BLOCKS else limit})"

    return re.compile("".join(map(one, re.split(r"(\{[^{}]+\})", output))))


def doubles(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield (wildcard, name) of each entry with which two jobs would make one file."""
    planner = prepared(folder)
    patterns = [free(output) for output in planner.outputs(base())]
    for files, job in planner.plan(base()).jobs.items():
        for match in (p.fullmatch(file) for p in patterns for file in files):
            for wildcard, name in match.groupdict().items() if match else ():
                if wildcard in BLOCKS and name != job.wildcards.get(wildcard):
                    yield wildcard, name


def lines(key: str, name: str) -> list[str]:
    """Return the lines about one more name in a list of what is run."""
    run = base()["run"]
    return list(reserved_names({**run, key: [*run[key], name]}))


def test_every_name_with_which_two_jobs_would_write_one_file_is_refused(tmp_path: Path):
    reserved = set(doubles(tmp_path))
    assert {wildcard for wildcard, _ in reserved} == LISTS.keys()
    listed = [(key, name) for wildcard, name in reserved for key in LISTS[wildcard]]
    assert [one for one in listed if len(lines(*one)) != 1] == []


def test_a_reserved_name_is_one_line():
    assert lines("unlabelled_sets", "split") == [
        "run.unlabelled_sets: expected none of the names of the workflow's files and rows "
        "(all, nouns, split), got split; rename it"
    ]


@pytest.mark.parametrize("name", ["reference", "source"])
def test_no_variant_has_the_name_of_a_line_of_the_samples(name: str):
    assert lines("variants", name) == [
        "run.variants: expected none of the names of the workflow's files and rows "
        f"(reference, source), got {name}; rename it"
    ]


def test_a_name_that_resembles_a_reserved_one_is_allowed():
    assert lines("images", "splits") + lines("methods", "split") == []
