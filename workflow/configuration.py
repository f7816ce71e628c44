"""The configuration as the workflow reads it: checked, complete, and in one order.

The schema is JSON Schema 2020-12 with four annotations of our own: ``unit`` (shown in messages),
``entryOf: a.b`` (the value must be a key of the mapping at a.b) and, on a mapping at the top,
``inherit: b`` (each entry takes from the mapping b what it does not say itself) and
``packages: FILE`` (the entries add to those of a file of packages, or override them). Defaults are
found through properties, patternProperties, additionalProperties, items, allOf, and $ref into
$defs; of anyOf and oneOf, those of the first branch that fits once it is filled.
"""

import copy
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from snakemake.exceptions import WorkflowError

from workflow.problems import YAML, Schema, lines, one_of, repeated_keys, resolved
from workflow.relations import check_relations

SCHEMA = Path(__file__).with_name("schemas") / "config.schema.yaml"
MOST_PROBLEMS = 10  # as many as a person mends before trying again


def configured(config: Mapping[str, Any], files: Iterable[str | Path]) -> dict[str, Any]:
    """Return what ``load`` makes of the project's configuration, after a check across keys."""
    loaded = load(config, SCHEMA, files)
    check_relations(loaded)
    return loaded


def package_resources(path: Path) -> dict[str, Any]:
    """Return the resources by name that a file of packages holds; see workflow/resources.yaml."""
    resources = {}
    for name, package in yaml.load(path.read_bytes(), YAML).items():
        for resource, entry in package["members"].items():
            location = {"package": name, **{key: package[key] for key in ("registry", "version")}}
            if "member" in entry:
                location["member"] = entry["member"]
                location["archive_sha256"] = package["archive_sha256"]
            resources[resource] = {
                "locations": [location],
                **{key: entry[key] for key in ("sha256", "size")},
                **{key: package[key] for key in ("licence", "citation")},
            }
    return resources


def load(
    config: Mapping[str, Any], schema_path: str | Path, files: Iterable[str | Path] = ()
) -> dict[str, Any]:
    """Return ``config`` with the schema's defaults filled in and all keys sorted, at any depth.

    ``files`` are those that ``config`` was read from: a key that stands in one twice is a problem,
    of which YAML would silently take the last. Raises WorkflowError with one line per problem:
    what, expected, got, what to do.
    """
    schema = _schema(Path(schema_path))
    # By way of JSON: plain types only, and names that YAML took for numbers are text again.
    plain = json.loads(json.dumps(config, default=str))
    for name, node in schema.get("properties", {}).items():
        if "packages" in node:
            packages = package_resources(Path(schema_path).parent / node["packages"])
            plain[name] = _merged(packages, plain.get(name) or {})
    filled = _filled(_inherited(plain, schema), schema, schema)
    checks = {"entryOf": _entry_of(filled)}
    types = Draft202012Validator.TYPE_CHECKER.redefine("number", _is_number)
    checker = extend(Draft202012Validator, checks, type_checker=types)  # type: ignore[no-untyped-call]
    validator = checker(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    problems = {line for error in validator.iter_errors(filled) for line in lines(error, schema)}
    problems.update(line for path in files for line in repeated_keys(path))
    if problems:
        shown = sorted(problems)[:MOST_PROBLEMS]
        more = len(problems) - len(shown)
        raise WorkflowError("\n".join(shown + [f"and {more} more problems"] * bool(more)))
    result: dict[str, Any] = _sorted(filled)
    return result


def _schema(path: Path) -> Schema:
    schema: Schema = yaml.load(path.read_bytes(), YAML)
    return schema


def _is_number(_: Any, value: Any) -> bool:
    """Whether a value is a number that can be reckoned with; NaN is neither too small nor large."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _inherited(config: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """Return ``config`` in which entries of mappings with ``inherit`` are complete."""
    heirs = {n: s["inherit"] for n, s in schema.get("properties", {}).items() if "inherit" in s}
    inherited = {
        name: {
            entry: _merged(
                config.get(source) or {}, own or {}
            )  # "baseline:" alone is an entry, too
            for entry, own in config[name].items()
        }
        for name, source in heirs.items()
        if isinstance(config.get(name), dict)
    }
    return config | inherited


def _merged(under: Any, over: Any) -> Any:
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return copy.deepcopy(over)
    both = {key: _merged(under[key], over[key]) for key in under.keys() & over.keys()}
    return copy.deepcopy(under) | copy.deepcopy(over) | both


def _filled(value: Any, node: Schema, root: Schema) -> Any:
    node = resolved(node, root)
    for part in node.get("allOf", []):
        value = _filled(value, part, root)
    for choice in ("anyOf", "oneOf"):
        candidates = ((b, _filled(copy.deepcopy(value), b, root)) for b in node.get(choice, []))
        value = next((v for b, v in candidates if _fits(v, b, root)), value)
    if isinstance(value, list) and isinstance(node.get("items"), dict):
        return [_filled(item, node["items"], root) for item in value]
    if not isinstance(value, dict):
        return value
    for name, child in node.get("properties", {}).items():
        child = resolved(child, root)
        if "default" in child:
            value.setdefault(name, copy.deepcopy(child["default"]))
    return {name: _filled(item, _child(name, node), root) for name, item in value.items()}


def _fits(value: Any, branch: Schema, root: Schema) -> bool:
    whole = {**branch, "$defs": root.get("$defs", {})}
    return bool(Draft202012Validator(whole).is_valid(value))


def _child(name: str, node: Schema) -> Schema:
    """Return the schema for the entry ``name`` of a mapping; empty if there is none."""
    if name in node.get("properties", {}):
        return dict(node["properties"][name])
    for pattern, child in node.get("patternProperties", {}).items():
        if re.search(pattern, name):
            return dict(child)
    return dict(node.get("additionalProperties") or {})


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _entry_of(config: Mapping[str, Any]) -> Any:
    """Return the check behind the annotation ``entryOf``, for names in ``config``."""

    def check(_: Any, path: str, name: Any, __: Schema) -> Iterator[ValidationError]:
        known = reduce(lambda at, part: at.get(part, {}), path.split("."), config)
        if isinstance(name, str) and name not in known:
            yield ValidationError(f"{one_of(known, name)} (the entries of {path})")

    return check
