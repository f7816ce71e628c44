"""Code as a rule parameter, so that exactly the rules whose code changed are stale.

Snakemake looks at a script's modification time and never at what the script imports. Here each
script rule gets a param ``code``: a hash per module, over the script and every module
that it imports, directly or not, and the versions of the distributions these import.
Comments, docstrings, formatting and the texts of InputError, which reach no output, do not count.
A template (x.html.j2) counts with the module of its name (x.py). Two things are not seen: imports
by a computed name, and other data files (declare those as inputs).

A job runs with the planned code and configuration, or not at all. Snakemake starts jobs with a
command line and no plan: each of them, hours later perhaps, reads all files anew, while the plan
is what is recorded. An edit in between would give results that look like those of the older state.
So the planning process leaves a digest of its configuration and the hashes of all modules in the
environment, which jobs inherit on any machine.

Only the standard library is imported at the top, because ``start_job`` loads this file in each job,
whose environment may have no Snakemake.
"""

import ast
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from functools import cache
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

SCRIPTS = Path(__file__).resolve().parent / "scripts"
PLAN = "WORDBRIDGE_PLAN"  # the environment variable with the plan
CACHE = Path(".snakemake/wordbridge.code.json")  # the params ``code`` of the last plan, by script

_distributions = cache(packages_distributions)  # {import name: distributions}
_version = cache(version)

# These watch a job and make no data: a new log line must not retrain.
NOT_COUNTED = frozenset(f"wordbridge/{name}.py" for name in ("job", "progress"))


def check_plan(workflow: Any) -> None:
    """Give every rule its param ``code``; write the plan or, in the process of a job, check it.

    Raises WorkflowError if the configuration differs from the planned one; if the code does,
    ``start_job`` stops the job.
    """
    text = json.dumps(workflow.config, sort_keys=True, default=str)
    digest_now = hashlib.sha256(text.encode()).hexdigest()
    if workflow.is_main_process:
        os.environ[PLAN] = json.dumps({"config": digest_now, "code": track_code(workflow)})
        return
    plan = json.loads(os.environ.get(PLAN, "{}"))
    if plan.get("config", digest_now) != digest_now:
        _refuse(
            "the configuration changed after the workflow started: expected the planned one, got "
            "another; nothing was computed, run the same command again"
        )
    track_code(workflow, plan.get("code", {}))


def track_code(workflow: Any, planned: Mapping[str, str] = {}) -> dict[str, str]:
    """Give every script rule of ``workflow`` its param ``code``; return the hashes of all modules.

    The process of a job passes the ``planned`` hashes: its param has them for modules edited since.
    """
    _refuse_other_installation()
    settings = workflow.deployment_settings
    # Versions in conda environments are what Snakemake's software-env trigger is for.
    in_conda = "CONDA" in {method.name for method in settings.deployment_method}
    paths = [
        (rule, Path(rule.basedir.join(rule.script).get_path_or_uri(secret_free=True)).resolve())
        for rule in workflow.rules
        if rule.script
    ]
    codes = _codes({path for _, path in paths})
    hashes: dict[str, str] = {}
    for rule, path in paths:
        code = codes[str(path)]
        modules = {name: planned.get(name, now) for name, now in code["modules"].items()}
        rule.set_params(code={"modules": modules, "versions": {} if in_conda else code["versions"]})
        hashes |= modules
    return hashes


def _codes(scripts: Set[Path]) -> dict[str, Any]:
    """Return the param ``code`` by script, from CACHE unless anything that determines it changed.

    That is each byte of our files, the installed distributions, and Python.
    """
    folders = filter(os.path.isdir, sys.path)
    installed = {name for folder in folders for name in os.listdir(folder) if "-info" in name}
    texts = [sys.version, *sorted(installed), *sorted(map(str, scripts))]
    state = hashlib.sha256(repr(texts).encode())
    roots = {script.parent for script in scripts}
    for path in (Path(__file__), *sorted(path for root in roots for path in root.rglob("*.*"))):
        if path.suffix in (".py", ".j2"):
            state.update(os.fsencode(path) + hashlib.sha256(path.read_bytes()).digest())
    key = state.hexdigest()
    try:
        codes: dict[str, Any] = json.loads(CACHE.read_bytes())[key]
    except (OSError, ValueError, KeyError, TypeError):  # missing, damaged, or of another state
        codes = {str(s): {"modules": digest(s), "versions": versions(s)} for s in scripts}
        with suppress(OSError):  # without a cache the next plan parses all files again
            partial = CACHE.with_suffix(f".{os.getpid()}")
            partial.write_text(json.dumps({key: codes}), encoding="utf-8")
            partial.replace(CACHE)
    return codes


def digest(script: str | Path) -> dict[str, str]:
    """Return {path below the scripts folder: hash} for ``script`` and what it imports of ours."""
    return _modules(Path(script).resolve())[0]


def versions(script: str | Path) -> dict[str, str]:
    """Return {distribution: version} here of what ``script`` and our modules behind it import."""
    outside = _modules(Path(script).resolve())[1] - sys.stdlib_module_names
    distributions = {d for name in outside for d in _distributions().get(name, [])}
    return {distribution: _version(distribution) for distribution in sorted(distributions)}


def _refuse_other_installation() -> None:
    """Raise WorkflowError if jobs would import another wordbridge than the one that is hashed."""
    spec = find_spec("wordbridge")
    ours = SCRIPTS / "wordbridge" / "__init__.py"
    if spec and spec.origin and Path(spec.origin).resolve() != ours:
        _refuse(
            f"an installed wordbridge would run instead of this checkout's: expected {ours}, "
            f"got {spec.origin}; run `pip install -e .` in the checkout"
        )


def _refuse(message: str) -> NoReturn:
    from snakemake.exceptions import WorkflowError

    raise WorkflowError(message)


def _modules(script: Path) -> tuple[dict[str, str], set[str]]:
    """Return the hashes of our modules behind ``script``, and the other names they import."""
    root = script.parent
    hashes: dict[str, str] = {}
    foreign: set[str] = set()
    pending = [script]
    while pending:
        path = pending.pop()
        key = path.relative_to(root).as_posix()
        if key in hashes or key in NOT_COUNTED:
            continue
        hashes[key], names = _parsed(path.read_bytes(), key)
        for template in path.parent.glob(f"{path.stem}.*.j2"):
            name = template.relative_to(root).as_posix()
            hashes[name] = hashlib.sha256(template.read_bytes()).hexdigest()[:12]
        for name in names:
            files = _files(root, name)
            pending += files
            if not files:
                foreign.add(name.partition(".")[0])
    return dict(sorted(hashes.items())), foreign


@cache
def _files(root: Path, name: str) -> tuple[Path, ...]:
    """Return our files that an import of the dotted ``name`` runs: its packages, then itself."""
    stem = root
    files: list[Path] = []
    for part in name.split("."):
        stem = stem / part
        files += filter(Path.is_file, (stem / "__init__.py", stem.with_name(f"{part}.py")))
    return tuple(files)


@cache
def _parsed(source: bytes, key: str) -> tuple[str, tuple[str, ...]]:
    """Return the hash of the syntax tree of ``source`` and the dotted names that it imports."""
    tree = ast.parse(source, filename=key)
    names = _imported(tree.body, key.split("/")[:-1])
    texts = {text for message in _messages(tree) for text in _texts(message)}
    code = _canonical(tree, texts).encode()
    return hashlib.sha256(code).hexdigest()[:12], tuple(sorted(set(names)))


def _imported(nodes: Iterable[ast.AST], package: list[str]) -> Iterator[str]:
    """Yield the dotted names imported below ``nodes``; what only type checkers see is left out."""
    for node in nodes:
        match node:
            case ast.expr():
                pass
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = package[: len(package) + 1 - level] if level else []
                source = ".".join([*base, *([module] if module else [])])
                yield source
                yield from (f"{source}.{alias.name}" for alias in names)
            case ast.If(
                test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"),
                orelse=otherwise,
            ):
                yield from _imported(otherwise, package)
            case _:
                yield from _imported(ast.iter_child_nodes(node), package)


def _messages(node: ast.AST, builds: bool = False) -> Iterator[ast.expr]:
    """Yield the arguments of each InputError that is raised below ``node``.

    A function with the return annotation InputError ``builds`` errors that its callers raise: what
    it returns is included. Subclasses are not, since their messages may be part of an output.
    """
    match node:
        case ast.FunctionDef(returns=returns) | ast.AsyncFunctionDef(returns=returns):
            builds = isinstance(returns, ast.Name) and returns.id == "InputError"
        case (
            ast.Raise(exc=ast.Call(func=ast.Name(id="InputError"), args=arguments))
            | ast.Return(value=ast.Call(func=ast.Name(id="InputError"), args=arguments))
        ) if builds or isinstance(node, ast.Raise):
            yield from arguments
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr):  # contains no statement
            yield from _messages(child, builds)


def _texts(message: ast.AST) -> Iterator[ast.AST]:
    """Yield the string constants that the value of ``message`` is put together from.

    These are the message itself, and those in f-strings, operands of ``+`` and branches of
    conditional expressions, at any depth. A string in any other place, such as a condition, a
    key or an argument of a call, is code.
    """
    match message:
        case ast.Constant(value=str()):
            yield message
        case ast.JoinedStr(values=parts):
            yield from (text for part in parts for text in _texts(part))
        case ast.FormattedValue(value=value):
            yield from _texts(value)
        case ast.BinOp(left=one, op=ast.Add(), right=other) | ast.IfExp(body=one, orelse=other):
            yield from (*_texts(one), *_texts(other))


def _canonical(node: object, texts: Set[ast.AST]) -> str:
    """Return the syntax tree as text that is the same in every Python from 3.11.

    ``ast.dump`` is not: newer versions print new, empty fields. Bare constants as statements,
    which is what docstrings are, do nothing and are left out, and so are ``texts``.
    """
    if isinstance(node, list):
        return f"[{','.join(filter(None, [_canonical(n, texts) for n in node]))}]"
    if not isinstance(node, ast.AST):
        return ascii(node)
    if node in texts or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return ""
    if isinstance(node, ast.JoinedStr):  # Python 3.12 adds empty texts to format specifications
        node = ast.JoinedStr([v for v in node.values if getattr(v, "value", None) != ""])
    fields = [
        f"{name}={_canonical(value, texts)}"
        for name in node._fields
        if name not in ("ctx", "kind", "type_comment")
        and (value := getattr(node, name, None)) is not None
        and value != []
    ]
    return f"{type(node).__name__}({','.join(fields)})"
