"""One line for each problem of a configuration: what, expected, got, what to do."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

from jsonschema.exceptions import ValidationError

from wordbridge.startup import config_keys

Schema = dict[str, Any]

TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "an integer",
    "boolean": "true or false",
    "null": "null",
}
LIMITS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
    "minItems": "with a length of at least",
    "maxItems": "with a length of at most",
    "minLength": "with a length of at least",
    "pattern": "matching",
    "format": "that is a valid",
    "unit": "in",
}
# For these keywords the message of the validator has more than the schema.
WITH_MESSAGE = ("entryOf", "not", "propertyNames")


def error_lines(error: ValidationError, root: Schema) -> Iterator[str]:
    """Yield one line for each problem behind ``error``; ``root`` is the whole schema."""
    got: Any = error.instance
    schema: Any = error.schema
    node, path = resolve(schema, root), _dotted(error.absolute_path)
    if error.validator in ("anyOf", "oneOf") and isinstance(got, dict) and error.context:
        yield from _branch_lines(error.context, root)
    elif error.validator == "additionalProperties":
        names = node.get("properties", {})
        for name in sorted(set(got) - set(names)):
            yield _unknown(path, name, names, root)
    elif error.validator == "required":
        required: Any = error.validator_value
        for name in sorted(set(required) - set(got)):
            child = resolve(node.get("properties", {}).get(name, {}), root)
            about = child.get("description", "it has no default").rstrip(".")
            values = allowed_values(child, root)
            yield f"{_joined(path, name)}: expected {values}, got nothing; {about}"
    else:
        expected = error.message if error.validator in WITH_MESSAGE else allowed_values(node, root)
        if error.validator == "uniqueItems":
            expected = "distinct values"
        value = json.dumps(got, ensure_ascii=False)
        yield f"{path or 'config'}: expected {expected}, got {value}; {_remedy(got, node)}"


def schema_keys(node: Schema, root: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Yield (dotted path, schema) of every key below ``node``; ``*`` is any name."""
    node = resolve(node, root)
    for part in [*node.get("anyOf", []), *node.get("oneOf", [])]:
        yield from schema_keys(part, root, path)
    if isinstance(node.get("items"), dict):
        yield from schema_keys(node["items"], root, path)
    if entries := node.get("additionalProperties"):
        yield from schema_keys(entries, root, _joined(path, "*"))
    for name, child in node.get("properties", {}).items():
        yield _joined(path, name), resolve(child, root)
        yield from schema_keys(child, root, _joined(path, name))


def repeated_keys(path: str | Path) -> Iterator[str]:
    """Yield one line for each key of a YAML file that occurs twice in one mapping."""
    first: dict[str, int] = {}
    for key, line in config_keys(path):
        if key in first:
            yield (
                f"{key}: expected once, got it in lines {first[key]} and {line} of {path}; "
                "remove or rename one"
            )
        first.setdefault(key, line)


def add_location(problem: str, lines: Mapping[str, str]) -> str:
    """Return a line of an error with the location of its key, or of the mapping that lacks it."""
    key = problem.partition(": ")[0].partition(" and ")[0]
    if "got nothing" in problem:
        key = key.rpartition(".")[0]
    location = lines.get(key)
    return f"{location}: {problem}" if location else problem


def resolve(node: Schema, root: Schema) -> Schema:
    """Return ``node`` with the target of its $ref; entries next to the $ref win."""
    if "$ref" not in node:
        return node
    target: Schema = reduce(lambda at, part: at[part], node["$ref"].split("/")[1:], root)
    others = {key: value for key, value in node.items() if key != "$ref"}
    return {**resolve(target, root), **others}


def allowed_values(node: Schema, root: Schema) -> str:
    """Return a description of the values that ``node`` allows."""
    for choice in ("anyOf", "oneOf"):
        if choice in node:
            return " or ".join(allowed_values(resolve(part, root), root) for part in node[choice])
    if "const" in node:
        return json.dumps(node["const"])
    if "enum" in node:
        return f"one of {', '.join(map(json.dumps, node['enum']))}"
    types = node.get("type", "a value")
    names = " or ".join(TYPES.get(t, t) for t in ([types] if isinstance(types, str) else types))
    keywords = (key for key in LIMITS if key in node and (key, node[key]) != ("unit", "1"))
    return " ".join([names, *(f"{LIMITS[key]} {node[key]}" for key in keywords)])


def one_of(names: Iterable[str], got: str) -> str:
    """Return "one of ..." with a question if ``got`` is close to one of the names."""
    near = difflib.get_close_matches(got, list(names), n=1)
    question = f" (did you mean {near[0]}?)" if near else ""
    return f"one of {', '.join(sorted(names))}{question}"


def _unknown(path: str, name: str, keys: Schema, root: Schema) -> str:
    full = _joined(path, name)
    for current, child in keys.items():
        if resolve(child, root).get("formerly") == name:
            return f"{full}: is {_joined(path, current)} now; rename it"
    # A close name here is more likely than the same name elsewhere.
    near = difflib.get_close_matches(name, list(keys), n=1)
    others = [at for at, _ in schema_keys(root, root) if at.split(".")[-1] == name and not near]
    elsewhere = " or ".join(dict.fromkeys(others))
    remedy = f"move it to {elsewhere}" if elsewhere else "correct or remove it"
    return f"{full}: unknown key, expected {one_of(keys, name)}; {remedy}"


def _branch_lines(context: Iterable[ValidationError], root: Schema) -> Iterator[str]:
    """Yield the lines of the branch of anyOf or oneOf that was most likely meant."""
    branches: dict[Any, list[ValidationError]] = {}
    for error in context:
        branches.setdefault(error.relative_schema_path[0], []).append(error)
    kinds = [e for errors in branches.values() for e in errors if e.validator == "const"]
    if len(kinds) == len(branches):  # the key that distinguishes the branches fits none of them
        allowed = one_of([str(e.validator_value) for e in kinds], str(kinds[0].instance))
        at = _dotted(kinds[0].absolute_path)
        yield f"{at}: expected {allowed}, got {json.dumps(kinds[0].instance)}; change it"
        return
    ranked = [
        # A branch with other keys is unlikelier than one with a wrong value of a key.
        (sum(e.validator == "const" or not e.relative_path for e in errors), len(lines), lines)
        for errors in branches.values()
        for lines in [[line for error in errors for line in error_lines(error, root)]]
    ]
    yield from min(ranked)[2]


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _dotted(path: Iterable[str | int]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _remedy(got: Any, node: Schema) -> str:
    if isinstance(got, str) and re.fullmatch(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+", got):
        return "YAML reads this as text; write a point and a sign, as in 1.0e-3"
    if isinstance(got, int | float) and "string" in node.get("type", ()):
        return "YAML reads this as a number or a truth value; put it in quotes"
    if isinstance(got, str) and re.fullmatch(r"[-+]?[0-9]+(\.[0-9]*)?", got):
        return f"this is text; write {got} without quotes"
    if "examples" in node:
        return f"write for example: {', '.join(node['examples'])}"
    return f"the default is {json.dumps(node['default'])}" if "default" in node else "change it"
