"""Audit of the whole repository: no pickles, shell commands, unchecked unpacking or open ports.

Ruff finds most of these (the rules of S in pyproject.toml), this module the others.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("benchmarks", "docs", "tests", "workflow")
# Modules that pickle, pickles by way of numpy and torch, loaders of arbitrary objects, archives at
# once, programs started by a text, and servers at another address than loopback.
FORBIDDEN = re.compile(
    r"^\s*(import|from) (cloudpickle|dill|joblib|marshal|pickle|shelve)\b|\b(read|to)_pickle\b"
    r"|\ballow_pickle=True|\btorch\.load\((?!.*\bweights_only=True)"
    r"|\b(Full|Unsafe)Loader\b|\b(full|unsafe)_load\b|\bunpack_archive\(|\b__import__\("
    r"|\bcreate_subprocess_shell\b|\bsubprocess\.\w+\(\s*f?[\"']"
    r'|(HTTPServer|\bbind|\bcreate_server|\bstart_server)\((?!\("127\.0\.0\.1", )',
    re.MULTILINE,
)
# Writes a pickle to test that it is rejected.
PICKLING = {"tests/inputs/rows.py"}
# Sockets of Unix and the address of --host, by default loopback (tests/test_serve.py).
LISTENING = {"tests/warm.py", "workflow/scripts/wordbridge/serve.py"}
SHELL_RULE = re.compile(r"^\s*(shell|run)\s*:|\bshell\(|\bos\.(system|popen)\b", re.MULTILINE)


def test_no_file_unpickles_unpacks_unchecked_or_listens():
    files = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    assert len(files) > 200
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files}
    matching = {name for name, text in texts.items() if FORBIDDEN.search(text)}
    assert matching - {"tests/test_audit.py"} == LISTENING | PICKLING


def test_no_rule_has_a_shell_command_or_inline_code():
    files = [ROOT / "Snakefile", *sorted((ROOT / "workflow/rules").glob("*.smk"))]
    assert len(files) > 7
    assert not [path.name for path in files if SHELL_RULE.search(path.read_text("utf-8"))]


@pytest.mark.parametrize(
    "line",
    [
        "np.load(path, allow_pickle=True)",
        "torch.load(path, weights_only=False)",
        "torch.load(path)",
        "import pickle",
        "from joblib import load",
        "pd.read_pickle(path)",
        "subprocess.run(f'ls {config}')",
        "asyncio.create_subprocess_shell(command)",
        "yaml.load(text, yaml.UnsafeLoader)",
        "shutil.unpack_archive(path)",
        "HTTPServer(('', 80), Handler)",
        "server.bind(('0.0.0.0', 80))",
    ],
)
def test_a_forbidden_call_is_found(line: str):
    assert FORBIDDEN.search(line)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("import pickle; pickle.load(file)", "S301"),
        ("import marshal; marshal.loads(text)", "S302"),
        ("eval(text)", "S307"),
        ("exec(text)", "S102"),
        ("import tarfile; tarfile.open(path).extractall(folder)", "S202"),
        ("import os; os.system(command)", "S605"),
        ("import subprocess; subprocess.run(command, shell=True)", "S602"),
    ],
)
def test_ruff_finds_a_forbidden_call(line: str, rule: str):
    command = [sys.executable, "-m", "ruff", "check", "--stdin-filename=workflow/x.py", "-"]
    run = subprocess.run(command, input=line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert f"{rule} " in run.stdout


@pytest.mark.parametrize("rule", ["    shell:\n", "    run:\n", "shell('ls')", "os.system(x)"])
def test_a_rule_with_a_shell_command_is_found(rule: str):
    assert SHELL_RULE.search(f"rule a:\n{rule}")
