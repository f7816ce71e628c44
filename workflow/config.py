"""The configuration as the workflow reads it: checked, complete, and with sorted keys.

The schema is JSON Schema 2020-12 with five annotations: ``unit`` (shown in messages),
``formerly`` (the name of the key in earlier versions, which CHANGELOG.md lists, too), ``entryOf:
a.b`` (the value must be a key of the mapping at a.b) and, on a mapping at the top,
``inherit: b`` (each entry takes missing keys from the mapping b) and ``packages: FILE`` (the
entries add to those of a file of packages, or override them). Defaults are read through
properties, additionalProperties, items, and $ref into $defs; of anyOf and oneOf, from the first
branch that fits once it is filled.
"""

import copy
import json
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from snakemake.common import dict_to_key_value_args
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

from wordbridge.errors import InputError
from wordbridge.startup import YAML, config_keys, read_value
from workflow.config_errors import Schema, add_location, error_lines, one_of, repeated_keys, resolve
from workflow.relations import BILINGUAL, HELD_OUT, Block, check_relations, noun_vectors

SCHEMA = Path(__file__).with_name("schemas") / "config.schema.yaml"
MAX_PROBLEMS = 10  # lines shown at once

FORMATS = FormatChecker(["regex"])


def load_workflow(workflow: Any) -> dict[str, Any]:
    """Return the configuration of a workflow; its errors have file and line.

    In a list or mapping of ``--config`` Snakemake's command line reads all values as text; here
    they have their types.
    """
    config, settings = workflow.config, workflow.config_settings
    arguments = dict(entry.split("=", 1) for entry in settings.config_args or ())
    is_typed = settings.config_args == dict_to_key_value_args(settings.config, repr_obj=True)
    # Files of the command line override the other one, which is last in Snakemake's list.
    others = set(map(str, settings.configfiles))
    # That one may be named there as well.
    files = list(dict.fromkeys(sorted(map(str, workflow.configfiles), key=others.__contains__)))
    try:
        for key, value in arguments.items():
            if value.startswith(("[", "{")) and not is_typed:
                with suppress(yaml.YAMLError):  # it stays text, which is an error of its key
                    update_config(config, {key: read_value(value, f"--config {key}")})
        lines = {
            key: f"{file}, line {line}"
            for file in files
            for key, line in config_keys(file)
            if re.split(r"[.[]", key)[0] not in arguments
        }
    except InputError as error:
        raise WorkflowError(str(error)) from None
    lines[""] = ", ".join(files)
    try:
        return load_project(config, files)
    except WorkflowError as error:
        problems = str(error).splitlines()
        raise WorkflowError("\n".join(add_location(p, lines) for p in problems)) from None


def load_project(config: Mapping[str, Any], files: Iterable[str | Path]) -> dict[str, Any]:
    """Return the project's configuration as ``load`` does, with its relations checked."""
    loaded = load(config, SCHEMA, files)
    check_relations(loaded)
    return loaded


def package_resources(path: Path) -> dict[str, Any]:
    """Return the resources by name of a file of packages; see workflow/resources.yaml."""
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
    """Return ``config`` with the schema's defaults and with all keys sorted, at any depth.

    ``files`` are those that ``config`` was read from: a key that occurs twice in one of them is a
    problem, of which YAML would silently take the last. Raises WorkflowError with one line per
    problem: what, expected, got, what to do.
    """
    schema = read_schema(schema_path)
    # Through JSON: plain types only, and names that YAML reads as numbers are text again.
    plain = json.loads(json.dumps(config, default=str))
    for name, node in schema.get("properties", {}).items():
        if "packages" in node:
            packages = package_resources(Path(schema_path).parent / node["packages"])
            plain[name] = _merged(packages, plain.get(name) or {})
        if "inherit" in node and isinstance(plain.get(name), dict):
            shared = plain.get(node["inherit"]) or {}
            for entry, block in plain[name].items():
                plain[name][entry] = _merged(shared, block or {})  # "baseline:" is an entry, too
    filled = _filled(plain, schema, schema)
    checks = {"entryOf": _entry_of(filled)}
    types = Draft202012Validator.TYPE_CHECKER.redefine("number", _is_number)
    # 4.0 is an integer in JSON Schema, but not in Python.
    types = types.redefine("integer", lambda _, value: type(value) is int)
    checker = extend(Draft202012Validator, checks, type_checker=types)  # type: ignore[no-untyped-call]
    errors = checker(schema, format_checker=FORMATS).iter_errors(filled)
    problems = {line for error in errors for line in error_lines(error, schema)}
    problems.update(line for path in files for line in repeated_keys(path))
    if problems:
        lines = sorted(problems)[:MAX_PROBLEMS]
        more = len(problems) - len(lines)
        raise WorkflowError("\n".join(lines + [f"and {more} more problems"] * bool(more)))
    result: dict[str, Any] = json.loads(json.dumps(filled, sort_keys=True))
    return result


def without_resource(resource: str, config: Block, keys: Collection[str]) -> str:
    """Return the settings, on one line, with which no job needs a resource; "" if there are none.

    ``keys`` are those of a block that name resources. Text and vectors of the translators cannot
    be replaced; of the images single sets can be left out, or all of them.
    """

    def needs(block: Block) -> bool:
        return resource in (block.get(key) for key in keys)

    vectors, sets, run = config["vectors"], config["image_sets"], config["run"]
    embedded = [vectors[config["embeddings"][language]] for language in ("fr", "en")]
    if any(map(needs, [config["corpora"][config["corpus"]], *embedded])):
        return ""
    nouns = [config["wordnet"], *(vectors[name] for name in noun_vectors(config))]
    kept = {
        kind: [name for name in run[kind] if not needs(sets[name])]
        for kind in ("images", "unlabelled_sets")
    }
    all_need = any(map(needs, nouns)) or resource == config["features"]["weights"]
    if all_need or not kept["images"]:
        kept = {"images": [], "unlabelled_sets": []}  # no method learns to search the others alone
    split = config["image_split"] if kept["images"] else {}
    held_out = {
        key: list(filter(kept["images"].__contains__, split[key])) for key in HELD_OUT if split
    }
    settings: dict[str, Any] = {}
    for key, lists in (("run", kept), ("image_split", held_out)):
        changes = {kind: names for kind, names in lists.items() if names != config[key][kind]}
        settings |= {key: changes} if changes else {}
    french = vectors.get(config["search"]["french_vectors"])
    bilingual = any(sets[name]["kind"] in BILINGUAL for name in kept["images"])
    if french and kept["images"] and (needs(french) or not bilingual):
        settings["search"] = {"french_vectors": None}
    text = yaml.safe_dump(settings, default_flow_style=True, width=10**6, sort_keys=False)
    return text.strip()[1:-1]


def read_schema(path: str | Path) -> Schema:
    """Return a schema in which mappings with ``properties`` take no other keys.

    Keys without a default are required; mappings without such keys are {} by default.
    """
    raw = yaml.load(Path(path).read_bytes(), YAML)
    schema: Schema = _closed(raw, raw)
    return schema


def _closed(node: Any, root: Schema) -> Any:
    if isinstance(node, list):
        return [_closed(item, root) for item in node]
    if not isinstance(node, dict):
        return node
    # Conditions are schemas of a part of a value.
    node = {k: v if k in ("default", "if", "then") else _closed(v, root) for k, v in node.items()}
    children = node.get("properties")
    if isinstance(children, dict):
        for name, child in children.items():
            if "properties" in child and "required" not in child:
                children[name] = {"default": {}, **child}
        required = [n for n, child in children.items() if "default" not in resolve(child, root)]
        if required:
            node = {"required": required, **node}
        node = {"type": "object", "additionalProperties": False, **node}
    return node


@FORMATS.checks("query", raises=InputError)
def _is_query(value: object) -> bool:
    """Return True for a query such as "king - man + woman"; raises InputError for other texts."""
    from wordbridge.search.queries import parse_query  # only searches need it

    return not isinstance(value, str) or bool(parse_query(value))


def _is_number(_: Any, value: Any) -> bool:
    """Return whether a value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _merged(under: Any, over: Any) -> Any:
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return copy.deepcopy(over)
    both = {key: _merged(under[key], over[key]) for key in under.keys() & over.keys()}
    return copy.deepcopy(under) | copy.deepcopy(over) | both


def _filled(value: Any, node: Schema, root: Schema) -> Any:
    """Return ``value`` with the defaults of the schema ``node``."""
    node = resolve(node, root)
    for choice in ("anyOf", "oneOf"):
        for branch in node.get(choice, []):
            candidate = _filled(copy.deepcopy(value), branch, root)
            rooted = {**branch, "$defs": root.get("$defs", {})}
            if Draft202012Validator(rooted).is_valid(candidate):
                value = candidate
                break
    if isinstance(value, list) and isinstance(node.get("items"), dict):
        return [_filled(item, node["items"], root) for item in value]
    if not isinstance(value, dict):
        return value
    children = {name: resolve(child, root) for name, child in node.get("properties", {}).items()}
    for name, child in children.items():
        if "default" in child:
            value.setdefault(name, copy.deepcopy(child["default"]))
    entry = node.get("additionalProperties") or {}
    return {name: _filled(item, children.get(name, entry), root) for name, item in value.items()}


def _entry_of(config: Mapping[str, Any]) -> Any:
    """Return the check behind the annotation ``entryOf``, for names in ``config``."""

    def check(_: Any, path: str, name: Any, __: Schema) -> Iterator[ValidationError]:
        entries: Any = config
        for part in path.split("."):
            entries = entries.get(part, {}) if isinstance(entries, dict) else None
        # The schema reports entries that are no mapping.
        if isinstance(entries, dict) and isinstance(name, str) and name not in entries:
            yield ValidationError(f"{one_of(entries, name)} (the entries of {path})")

    return check
