"""Audit of the whole repository: no pickles, shell commands, unchecked unpacking or open ports."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("benchmarks", "tests", "workflow")

PICKLES = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
# Writes a pickle to test that it is rejected.
PICKLING = {"tests/inputs/rows.py"}
# A Unix socket, which other machines cannot reach, and the address of --host, by default loopback
# (tests/test_serve.py).
LISTENING = {"tests/warm.py", "workflow/scripts/wordbridge/serve.py"}
SHELLS = {"create_subprocess_shell", "getoutput", "getstatusoutput", "popen", "system"}
STARTS = {"Popen", "call", "check_call", "check_output", "run"}
UNPACKS = {"extract", "extractall", "unpack_archive"}
SAFE_YAML = {"CSafeLoader", "SafeLoader", "YAML"}
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
SHELL_RULE = re.compile(r"^\s*(shell|run)\s*:|\bshell\(|\bos\.(system|popen)\b", re.MULTILINE)


def python_files() -> list[Path]:
    """Return every Python file of the repository."""
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def rule_files() -> list[Path]:
    return [ROOT / "Snakefile", *sorted((ROOT / "workflow/rules").glob("*.smk"))]


def violations(text: str, name: str = "") -> Iterator[str]:
    """Yield the violations of a Python file, a line each."""
    for node in ast.walk(ast.parse(text)):
        violation = None
        if isinstance(node, ast.Import | ast.ImportFrom) and name not in PICKLING:
            violation = _import_violation(node)
        elif isinstance(node, ast.Call):
            violation = _call_violation(node, name in LISTENING)
        if violation:
            yield f"line {node.lineno}: {violation}"


def _import_violation(node: ast.Import | ast.ImportFrom) -> str | None:
    modules = (
        [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
    )
    roots = {(module or "").split(".")[0] for module in modules}
    return f"imports {', '.join(roots & PICKLES)}" if roots & PICKLES else None


def _call_violation(node: ast.Call, listening: bool) -> str | None:
    name, owner = _name(node.func)
    options = {word.arg: word.value for word in node.keywords}
    if _is_constant(options, "allow_pickle", True) and name != "save":
        return "reads pickles"
    if (owner, name) == ("torch", "load") and not _is_constant(options, "weights_only", True):
        return "torch.load without weights_only=True"
    if name in ("read_pickle", "to_pickle", "unsafe_load", "full_load"):
        return f"calls {name}"
    if (owner, name) == ("yaml", "load") and _name(node.args[-1])[0] not in SAFE_YAML:
        return "yaml.load of more than plain values"
    if isinstance(node.func, ast.Name) and name in ("eval", "exec", "__import__"):
        return f"calls {name}"
    if name in UNPACKS and isinstance(node.func, ast.Attribute):
        return f"unpacks an archive at once ({name})"
    network = None if listening else _network_violation(node, name)
    return _shell_violation(node, name, owner, options) or network


def _shell_violation(
    node: ast.Call, name: str, owner: str, options: dict[str | None, ast.expr]
) -> str | None:
    if owner in ("asyncio", "os", "subprocess") and name in SHELLS:
        return f"starts a shell ({name})"
    if "shell" in options and not _is_constant(options, "shell", False):
        return "starts a shell"
    written = node.args and isinstance(node.args[0], ast.Constant | ast.JoinedStr | ast.BinOp)
    if owner == "subprocess" and name in STARTS and written:
        return "starts a program by a text instead of a list of words"
    return None


def _network_violation(node: ast.Call, name: str) -> str | None:
    if not (name.endswith("HTTPServer") or name in ("bind", "create_server", "start_server")):
        return None
    constants = {child.value for child in ast.walk(node) if isinstance(child, ast.Constant)}
    return None if constants & LOOPBACK else f"may listen to other machines ({name})"


def _name(called: ast.expr) -> tuple[str, str]:
    """Return the names of a called function and of its object or module."""
    if isinstance(called, ast.Attribute):
        return called.attr, _name(called.value)[0]
    return (called.id, "") if isinstance(called, ast.Name) else ("", "")


def _is_constant(options: dict[str | None, ast.expr], name: str, value: bool) -> bool:
    option = options.get(name)
    return isinstance(option, ast.Constant) and option.value is value


def test_no_file_unpickles_starts_a_shell_unpacks_unchecked_or_listens():
    files = python_files()
    assert len(files) > 200
    violating = {}
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        lines = list(violations(path.read_text(encoding="utf-8"), name))
        if lines:
            violating[name] = lines
    assert violating == {}


def test_no_rule_has_a_shell_command_or_inline_code():
    files = rule_files()
    assert len(files) > 7
    assert not [path.name for path in files if SHELL_RULE.search(path.read_text("utf-8"))]


@pytest.mark.parametrize(
    ("line", "violation"),
    [
        ("import pickle", "imports pickle"),
        ("from joblib import load", "imports joblib"),
        ("np.load(path, allow_pickle=True)", "reads pickles"),
        ("np.lib.format.read_array(file, allow_pickle=True)", "reads pickles"),
        ("torch.load(path)", "torch.load without weights_only=True"),
        ("torch.load(path, weights_only=False)", "torch.load without weights_only=True"),
        ("pd.read_pickle(path)", "calls read_pickle"),
        ("yaml.load(text, yaml.UnsafeLoader)", "yaml.load of more than plain values"),
        ("eval(config['x'])", "calls eval"),
        ("tarfile.open(path).extractall(folder)", "unpacks an archive at once (extractall)"),
        ("shutil.unpack_archive(path)", "unpacks an archive at once (unpack_archive)"),
        ("os.system(command)", "starts a shell (system)"),
        ("subprocess.run(command, shell=True)", "starts a shell"),
        ("subprocess.run(f'ls {config}')", "starts a program by a text"),
        ("HTTPServer(('', 80), Handler)", "may listen to other machines (HTTPServer)"),
        ("server.bind(('0.0.0.0', 80))", "may listen to other machines (bind)"),
    ],
)
def test_a_violation_is_found(line: str, violation: str):
    (message,) = violations(line)
    assert violation in message


@pytest.mark.parametrize(
    "line",
    [
        "np.load(path, allow_pickle=False)",
        "torch.load(path, weights_only=True)",
        "model.eval()",
        "yaml.load(text, YAML)",
        "subprocess.run([program, word], check=True)",
        "HTTPServer(('127.0.0.1', 0), Handler)",
        "extract([image], read)",
    ],
)
def test_an_allowed_line_is_no_violation(line: str):
    assert list(violations(line)) == []


@pytest.mark.parametrize("rule", ["    shell:\n", "    run:\n", "shell('ls')", "os.system(x)"])
def test_a_rule_with_a_shell_command_is_found(rule: str):
    assert SHELL_RULE.search(f"rule a:\n{rule}")
