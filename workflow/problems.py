"""What is wrong with a configuration, in one line per problem."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import yaml
from jsonschema.exceptions import ValidationError

Schema = dict[str, Any]

YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is ten times as fast
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
# Of these, what the schema says in words falls short of what jsonschema (or our check) says.
SELF_EXPLAINED = ("entryOf", "not", "propertyNames", "uniqueItems")


def lines(error: ValidationError, root: Schema) -> Iterator[str]:
    """Yield one line for each problem that ``error`` stands for; ``root`` is the whole schema."""
    got: Any = error.instance
    schema: Any = error.schema
    node, path = resolved(schema, root), _dotted(error.absolute_path)
    if error.validator in ("anyOf", "oneOf") and isinstance(got, dict) and error.context:
        yield from _of_branches(error.context, root)
    elif error.validator == "additionalProperties":
        known = node.get("properties", {})
        patterns = node.get("patternProperties", {})
        for name in sorted(set(got) - set(known)):
            if not any(re.search(pattern, name) for pattern in patterns):
                yield _unknown(path, name, known, root)
    elif error.validator == "required":
        needed: Any = error.validator_value
        for name in sorted(set(needed) - set(got)):
            child = resolved(node.get("properties", {}).get(name, {}), root)
            said = child.get("description", "it has no default").rstrip(".")
            yield f"{_joined(path, name)}: expected {_expected(child, root)}, got nothing; {said}"
    else:
        own = error.validator in SELF_EXPLAINED
        expected = error.message if own else _expected(node, root)
        shown = json.dumps(got, ensure_ascii=False)
        yield f"{path or 'config'}: expected {expected}, got {shown}; {_remedy(got, node)}"


def keys(node: Schema, root: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Yield (dotted path, schema) of every key that ``node`` knows; ``*`` stands for any name."""
    node = resolved(node, root)
    for part in [*node.get("allOf", []), *node.get("anyOf", []), *node.get("oneOf", [])]:
        yield from keys(part, root, path)
    if isinstance(node.get("items"), dict):
        yield from keys(node["items"], root, path)
    named = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
    for child in filter(None, named):
        yield from keys(child, root, _joined(path, "*"))
    for name, child in node.get("properties", {}).items():
        yield _joined(path, name), resolved(child, root)
        yield from keys(child, root, _joined(path, name))


def repeated_keys(path: str | Path) -> Iterator[str]:
    """Yield one line for each key of a YAML file that stands twice in one mapping."""
    yield from _repeated(path, yaml.compose(Path(path).read_text(encoding="utf-8"), YAML))


def _repeated(file: str | Path, node: yaml.Node | None, path: str = "") -> Iterator[str]:
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _repeated(file, item, f"{path}[{number}]")
    if not isinstance(node, yaml.MappingNode):
        return
    seen: dict[str, int] = {}
    for key, value in node.value:
        name, line = str(key.value), key.start_mark.line + 1
        if name in seen:
            yield (
                f"{_joined(path, name)}: expected once, got it in lines {seen[name]} and {line} of "
                f"{file}; remove or rename one"
            )
        seen[name] = line
        yield from _repeated(file, value, _joined(path, name))


def resolved(node: Schema, root: Schema) -> Schema:
    """Return ``node`` with what its $ref points to; entries beside the $ref win."""
    if "$ref" not in node:
        return node
    target: Schema = reduce(lambda at, part: at[part], node["$ref"].split("/")[1:], root)
    beside = {key: value for key, value in node.items() if key != "$ref"}
    return {**resolved(target, root), **beside}


def one_of(known: Iterable[str], got: str) -> str:
    """Return the known names in words, with a question if ``got`` is nearly one of them."""
    near = difflib.get_close_matches(got, list(known), n=1)
    question = f" (did you mean {near[0]}?)" if near else ""
    return f"one of {', '.join(sorted(known))}{question}"


def _unknown(path: str, name: str, known: Iterable[str], root: Schema) -> str:
    # A near name here is likelier to be meant than the same name elsewhere.
    near = difflib.get_close_matches(name, list(known), n=1)
    elsewhere = [at for at, _ in keys(root, root) if at.split(".")[-1] == name and not near]
    remedy = f"move it to {elsewhere[0]}" if elsewhere else "mend or remove it"
    return f"{_joined(path, name)}: unknown key, expected {one_of(known, name)}; {remedy}"


def _of_branches(context: Iterable[ValidationError], root: Schema) -> Iterator[str]:
    """Yield the lines of that branch of anyOf or oneOf that was most likely meant."""
    branches: dict[Any, list[ValidationError]] = {}
    for error in context:
        branches.setdefault(error.relative_schema_path[0], []).append(error)
    kinds = [e for errors in branches.values() for e in errors if e.validator == "const"]
    if len(kinds) == len(branches):  # the key that tells the branches apart fits none of them
        allowed = one_of([str(e.validator_value) for e in kinds], str(kinds[0].instance))
        at = _dotted(kinds[0].absolute_path)
        yield f"{at}: expected {allowed}, got {json.dumps(kinds[0].instance)}; change it"
        return
    telling = ("const", "enum", "type")
    ranked = [
        (sum(error.validator in telling for error in errors), len(told), told)
        for errors in branches.values()
        for told in [[line for error in errors for line in lines(error, root)]]
    ]
    yield from min(ranked)[2]


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _dotted(path: Iterable[str | int]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _expected(node: Schema, root: Schema) -> str:
    """Return the values that ``node`` allows, in words."""
    for choice in ("anyOf", "oneOf"):
        if choice in node:
            return " or ".join(_expected(resolved(part, root), root) for part in node[choice])
    if "const" in node:
        return json.dumps(node["const"])
    if "enum" in node:
        return f"one of {', '.join(map(json.dumps, node['enum']))}"
    types = node.get("type", "a value")
    words = " or ".join(TYPES.get(kind, kind) for kind in _listed(types))
    said = (key for key in LIMITS if key in node and (key, node[key]) != ("unit", "1"))
    limits = (f"{LIMITS[key]} {node[key]}" for key in said)
    return " ".join([words, *limits])


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _remedy(got: Any, node: Schema) -> str:
    if isinstance(got, str) and re.fullmatch(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+", got):
        return "YAML takes this for text, so write a point and a sign, as in 1.0e-3"
    return f"the default is {json.dumps(node['default'])}" if "default" in node else "change it"
