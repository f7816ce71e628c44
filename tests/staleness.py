"""The staleness table of the configuration: a row per key of the schema, and what it does.

``python -m tests.staleness`` prints the table with the stale rules as they are now. Look whether
each line that ``git diff --no-index tests/staleness_keys.tsv -`` shows is meant to be so before
you put it into the table: it is the promise.
"""

import copy
import csv
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import yaml

import workflow.config
import workflow.provenance
from tests.planned import Plan, Planner, unchanging_code
from workflow.config import read_schema
from workflow.config_errors import resolve

TABLE = Path(__file__).with_name("staleness_keys.tsv")
BASE = Path(__file__).with_name("staleness_base.yaml")
SCHEMA = read_schema(workflow.config.SCHEMA)
LARGEST = 4  # rows that share a plan
COLUMNS = ("change", "given", "stale")
# What lies in the folder where the base is planned.
EXPERIMENT_FILES = ("scores/plain/3.tsv", "scores/plain/4.tsv", "split/pairs.tsv")
OWN_FILES = (
    *("own/pinned.db", "own/by_hand.zip", "own/other.zip", "images/a.png"),
    *(f"results/{name}/{path}" for name in ("mine", "theirs") for path in EXPERIMENT_FILES),
)


class Row(NamedTuple):
    """``path=value; path=value``: what is changed, and what was given on top of the base before."""

    change: str
    given: str
    stale: str


def read_table() -> list[Row]:
    """Return the rows of the table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [Row(**row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def base() -> dict[str, Any]:
    """Return the configuration that the rows change."""
    return copy.deepcopy(_base())


@cache
def _base() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(BASE.read_text(encoding="utf-8"))
    return read


def assignments(text: str) -> dict[str, Any]:
    """Return {path: value} of ``path=value; path=value``."""
    pairs = (part.split("=", 1) for part in text.split("; ") if part)
    return {path: yaml.safe_load(value) for path, value in pairs}


def changed(config: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Return a copy of ``config`` after the assignments in ``text``; list items go by number."""
    result = copy.deepcopy(dict(config))
    for path, value in assignments(text).items():
        at: Any = result
        *parents, last = path.split(".")
        for part in parents:
            at = at[int(part)] if isinstance(at, list) else at.setdefault(part, {})
        at[int(last) if isinstance(at, list) else last] = value
    return result


def prepared(folder: Path) -> Planner:
    """Return a planner in ``folder`` with the user's files that the base names."""
    for name in OWN_FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return Planner(folder)


def unchanging_params() -> AbstractContextManager[object]:
    """Leave the code out of the params: it is the same in all plans."""
    return patch.object(workflow.provenance, "track_code", lambda *_: {})


def stale_rows(folder: Path, rows: Iterable[Row], *, anew: bool = False) -> list[Row]:
    """Return the rows with what their changes make stale now, planned in an empty ``folder``."""
    planner, plans, result = prepared(folder), dict[str, Plan](), []
    with unchanging_code(), unchanging_params():
        for row in rows:
            given = changed(base(), row.given)
            if row.given not in plans:
                plans[row.given] = planner.plan(given)
            plan = plans[row.given]
            stale = planner.stale(plan, changed(given, row.change), anew=anew)
            result.append(row._replace(stale=stale.words(plan)))
    return result


def wrong(folder: Path, rows: Iterable[Row]) -> list[Row]:
    """Return the rows that are not as in the table, as they are now.

    Rows without a common rule share a plan. If it differs from the sum of its rows, each of them is
    planned alone.
    """
    planner, plans, again = prepared(folder), dict[str, Plan](), list[Row]()
    with unchanging_code(), unchanging_params():
        for group in groups(rows):
            given = changed(base(), group[0].given)
            if group[0].given not in plans:
                plans[group[0].given] = planner.plan(given)
            plan = plans[group[0].given]
            together = changed(given, "; ".join(row.change for row in group))
            words = sorted(word for row in group for word in row.stale.split() if word != "none")
            stale = planner.stale(plan, together).words(plan)
            if sorted(stale.split()) != (words or ["none"]):
                again += group
    return [now for now, row in zip(stale_rows(folder, again), again, strict=True) if now != row]


def groups(rows: Iterable[Row]) -> list[list[Row]]:
    """Return the rows in groups: given the same, without a common rule, without nested keys."""
    result = list[list[Row]]()
    for row in rows:
        for group in result:
            same = row.given == group[0].given and len(group) < LARGEST
            if same and not any(_meet(row, other) for other in group):
                group.append(row)
                break
        else:
            result.append([row])
    return result


def _meet(row: Row, other: Row) -> bool:
    """Return whether two rows have a common rule, or a key in or below the same one."""
    rules, others = (set(re.findall(r"\w+(?=:|\s|$)", r.stale)) - {"none"} for r in (row, other))
    nested = (
        f"{key}.".startswith(f"{another}.") or f"{another}.".startswith(f"{key}.")
        for key in assignments(row.change)
        for another in assignments(other.change)
    )
    return bool(rules & others) or any(nested)


def keys(node: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield the path of each value in the schema: ``vectors.*(trained).dim``.

    ``*`` is any name and ``[]`` any item; the form, if there are several, is in brackets. An
    entry with a name is a value of its own, for one may be added.
    """
    node = resolve(dict(node), SCHEMA)
    for name, form in forms(node):
        yield from keys(form, f"{path}({name})")
    if path.endswith("*"):
        yield path
    inner = children(node)
    if not inner and "oneOf" not in node and "const" not in node:
        yield path
    for name, child in inner.items():
        yield from keys(child, f"{path}.{name}" if path else name)


def forms(node: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the forms that a value may have, each under its kind or its first required key."""
    for form in node.get("oneOf", []):
        form = resolve(form, SCHEMA)
        kind = form["properties"].get("kind", {})
        yield kind.get("const", form["required"][0]), form


def children(node: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the schemas below ``node`` by their part of the path."""
    inner = dict(node.get("properties", {}))
    for name, key in (("*", "additionalProperties"), ("[]", "items")):
        child = resolve(node[key], SCHEMA) if isinstance(node.get(key), dict) else {}
        if (name == "*" and child) or {"properties", "oneOf"} & child.keys():
            inner[name] = child
    return inner


def key_of(path: str, config: Mapping[str, Any]) -> str:
    """Return the schema's name, as ``keys`` has it, for a path in ``config``."""
    node, value, names = SCHEMA, config, ""
    for part in path.split("."):
        for name, form in forms(node):
            if name in ([value["kind"]] if "kind" in value else value):
                node, names = form, f"{names}({name})"
                break
        inner = children(node)
        name = part if part in inner else "[]" if part.isdigit() else "*"
        names = f"{names}.{name}" if names else name
        node = resolve(dict(inner[name]), SCHEMA)
        value = value[int(part)] if isinstance(value, list) else value.get(part, {})
    return names


def main() -> None:
    """Print the table as it would be now."""
    with tempfile.TemporaryDirectory() as folder:
        rows = stale_rows(Path(folder), read_table())
    sys.stdout.writelines("\t".join(row) + "\n" for row in [COLUMNS, *rows])


if __name__ == "__main__":
    main()
