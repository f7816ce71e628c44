"""Checks before Snakemake starts, whose own messages lack the file, the line or the remedy."""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import yaml
from snakemake import cli
from snakemake.common import configfile, get_appdirs
from snakemake.common.workdir_handler import WorkdirHandler
from snakemake.exceptions import CliException
from snakemake.script import PythonScript

from wordbridge.errors import InputError, shorten
from wordbridge.files import decode

CHECKOUT = Path(__file__).resolve().parents[3]
YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is ten times as fast
# Parts of the messages of YAML's parser, and what to do about them; the last one always fits.
_REMEDIES = {
    "parsing a quoted scalar": "put the text in single quotes, where a backslash is a character",
    "start any token": "indent with spaces instead of tabs, and quote texts with special signs",
    "tab character": "indent with spaces",
    "unexpected ':'": "write a space after the colon",
    "mapping values": "quote texts that have a colon, and indent keys of one mapping equally",
    "end of stream": "close the quote or bracket that is open",
    "another document": "remove the line ---, or use two files",
    "": "correct this line or the one before",
}
# YAML 1.1 reads some of these as octal or with base 60, and YAML 1.2 as decimal or as texts.
_UNCLEAR = re.compile(r"[-+]?(0[0-9_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)")
_load, _execute = configfile._load_configfile, PythonScript._execute_cmd
_parse, _change = cli.parse_config, WorkdirHandler.change_to


def prepare_snakemake() -> None:
    """Check the checkout's path, choose a writable cache, and let Snakemake check its command line.

    The profiles call it, before Snakemake reads config files; the Snakefile calls it for jobs.
    """
    path = str(CHECKOUT)
    if set("{}:\n") & set(path) or path.encode(errors="replace") != os.fsencode(path):
        # Snakemake reads braces as wildcards; virtual environments do not work with the others.
        sys.exit(
            f"error: checkout {path!a}: expected a path in UTF-8 without braces, colons and line "
            "ends, got another; rename or move the folder"
        )
    _choose_cache()
    configfile._load_configfile = _load_checked
    PythonScript._execute_cmd = _execute_quoted
    cli.parse_config, WorkdirHandler.change_to = _parse_checked, _change_checked


def _choose_cache() -> None:
    """Let Snakemake's cache be in the working folder if that of the user cannot be written."""
    cache = Path(get_appdirs().user_cache_dir)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=cache).close()
    except OSError:
        os.environ["XDG_CACHE_HOME"] = os.path.abspath(".snakemake/cache")


def _load_checked(path: str | Path, filetype: str = "Config") -> Any:
    try:
        config_keys(path)
    except InputError as error:
        raise CliException(str(error)) from None
    return _load(path, filetype)


def _parse_checked(entries: list[str] | None) -> Any:
    try:
        return _parse(entries)
    except ValueError:
        raise CliException(
            f"--config: expected KEY=VALUE, got {' '.join(entries or ())!r}; write keys inside "
            "others as in 'run={seeds: [7]}'"
        ) from None


def _change_checked(handler: WorkdirHandler) -> None:
    try:
        _change(handler)
        Path(".snakemake").mkdir(exist_ok=True)
    except OSError as error:
        raise CliException(
            f"{handler.workdir or Path.cwd()}: expected a working folder that can be written, got "
            f"{error.strerror!r}; correct --directory or the permissions"
        ) from None


def _execute_quoted(script: PythonScript, command: str, **options: Any) -> Any:
    """Start a script although the path of Python may have a space."""
    return _execute(script, command.replace("{py_exec}", "{py_exec:q}"), **options)


def config_keys(path: str | Path) -> list[tuple[str, int]]:
    """Return (dotted key, line) for each key of a config file; items of lists are ``key[0]``.

    Raises InputError, with the line, unless the file is one YAML or JSON mapping in UTF-8.
    """
    if not (Path(path).is_file() and os.access(path, os.R_OK)):
        raise InputError(f"{path}: expected a configuration file, got none; check the path")
    text = decode(Path(path).read_bytes(), path)
    loader = YAML(text)
    try:
        root = loader.get_single_node()
        keys = list(_keys(root))  # before merged mappings add theirs
        _check_scalars(root, path)
        if root is not None:
            loader.construct_document(root)
    except yaml.YAMLError as error:
        if _is_json(text):  # whose tabs are no YAML
            return []
        raise _yaml_error(path, text, error) from None
    except (ValueError, RecursionError) as error:  # an impossible date, a list that has itself
        raise InputError(f"{path}: expected YAML, got {shorten(error)}; correct it") from None
    if not isinstance(root, yaml.MappingNode):
        line = root.start_mark.line + 1 if root else 1
        raise InputError(
            f"{path}, line {line}: expected keys with values (KEY: VALUE), got none; write some, "
            "or leave the file out"
        )
    for key, line in keys:
        if not key.isprintable():  # a space of a web page for an indent, for example
            raise InputError(
                f"{path}, line {line}: expected a key without invisible characters, got {key!a}; "
                "type the line again"
            )
    return keys


def read_value(text: str, location: str) -> Any:
    """Return the value of a YAML text; raises InputError for one that YAML may read otherwise."""
    loader = YAML(text)
    node = loader.get_single_node()
    _check_scalars(node, location)
    return loader.construct_document(node)


def _check_scalars(node: yaml.Node | None, location: object, is_key: bool = False) -> None:
    """Raise InputError for a text without quotes that YAML 1.1 does not read as it is written."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _check_scalars(key, location, is_key=True)
            _check_scalars(value, location)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check_scalars(item, location)
    elif isinstance(node, yaml.ScalarNode) and not node.style:
        kind = node.tag.rpartition(":")[2]
        number = YAML("").construct_object(node) if kind in ("int", "float") else None
        is_text = kind in ("str", "merge") or str(number) == node.value  # JSON has keys as texts
        if _UNCLEAR.fullmatch(node.value) or (is_key and not is_text):
            raise InputError(
                f"{location}, line {node.start_mark.line + 1}: expected what all versions of YAML "
                f"read alike, got {node.value}; put it in quotes, or write numbers without zeros "
                "in front"
            )


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _yaml_error(path: str | Path, text: str, error: Any) -> InputError:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        line = error.problem_mark.line
        problem = " ".join(filter(None, (error.context, error.problem)))
    else:  # a character that YAML does not allow
        problem, line = error.reason, text.count("\n", 0, error.position)
    remedy = next(remedy for part, remedy in _REMEDIES.items() if part in problem)
    return InputError(f"{path}, line {line + 1}: expected YAML, got an error: {problem}; {remedy}")


def _keys(node: yaml.Node | None, path: str = "") -> Iterator[tuple[str, int]]:
    """Yield (dotted key, line) of everything below ``node``."""
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield f"{path}[{number}]", item.start_mark.line + 1
            yield from _keys(item, f"{path}[{number}]")
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = f"{path}.{key.value}".lstrip(".")
            yield name, key.start_mark.line + 1
            yield from _keys(value, name)
