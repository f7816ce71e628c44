"""Which edits change the param code, and jobs that run with planned code and configuration."""

import ast
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pytest
import yaml
from snakemake.exceptions import WorkflowError

from workflow import provenance
from workflow.provenance import PLAN, check_plan, digest, track_code

FILES = {
    "job.py": "from wordbridge.letters import vowels\nprint(vowels('word'))\n",
    "other.py": "import json\n",
    "wordbridge/__init__.py": '"""Toy."""\n',
    "wordbridge/letters.py": (
        "import numpy\n\n\ndef vowels(word):\n"
        '    """Return the vowels."""\n'
        "    from wordbridge.sets import VOWELS  # late\n\n"
        "    return numpy.isin(list(word), VOWELS)\n"
    ),
    "wordbridge/sets.py": "from typing import TYPE_CHECKING\nimport yaml\nVOWELS = list('aeiou')\n",
    "wordbridge/unused.py": "import torch\n",
}

# Syntax whose tree, or whose dump, is not the same in Python 3.11 and 3.13.
SAMPLE = """
@deco
class A(B, metaclass=C):
    x: int = -1
    async def f(self, a: int, /, *b, c=f'{1!r:>2} {x=} \N{BULLET}', **d) -> None:
        with open('é\U0001fae8') as g, h:
            return [i async for i in b if i] or (lambda: 1e-9)
        match a:
            case {'k': [1, *_], **rest} | A(x=None):
                raise E from None
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    folder = tmp_path / "scripts"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def code_of(script: Path, *deployment: str, planned: dict[str, str] | None = None) -> Any:
    """Return the param that ``track_code`` gives to a rule; a job's process has a plan."""
    params: dict[str, Any] = {}
    source = SimpleNamespace(get_path_or_uri=lambda secret_free: str(script))
    rule = SimpleNamespace(
        script=script.name, basedir=SimpleNamespace(join=lambda _: source), set_params=params.update
    )
    settings = SimpleNamespace(deployment_method=[SimpleNamespace(name=d) for d in deployment])
    rules = [rule, SimpleNamespace(script=None)]
    hashes = track_code(SimpleNamespace(rules=rules, deployment_settings=settings), planned or {})
    assert hashes == params["code"]["modules"]
    return params["code"]


def test_digest_names_the_script_and_the_modules_that_it_imports_even_late(scripts: Path):
    assert list(digest(scripts / "job.py")) == [
        "job.py",
        "wordbridge/__init__.py",
        "wordbridge/letters.py",
        "wordbridge/sets.py",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # late", "  # another comment"),
        ("Return the vowels.", "Return other words about vowels."),
        ('    """Return the vowels."""\n', ""),
        ("list(word), VOWELS", "\n        list(word),\n        VOWELS,\n    "),
    ],
)
def test_comments_docstrings_and_formatting_do_not_count(scripts: Path, old: str, new: str):
    before = digest(scripts / "job.py")
    edit(scripts / "wordbridge/letters.py", old, new)
    assert digest(scripts / "job.py") == before


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("job.py", "'word'", "'ward'"),
        ("wordbridge/letters.py", "VOWELS)", "VOWELS, invert=True)"),
        ("wordbridge/sets.py", "aeiou", "aeiouy"),
        ("wordbridge/sets.py", "list(", "tuple("),
    ],
)
def test_an_edit_of_code_changes_the_hash_of_its_module_only(
    scripts: Path, module: str, old: str, new: str
):
    before = digest(scripts / "job.py")
    edit(scripts / module, old, new)
    after = digest(scripts / "job.py")
    assert {name for name in before if before[name] != after[name]} == {module}


def test_a_template_counts_with_the_module_of_its_name(scripts: Path):
    template = scripts / "wordbridge/letters.html.j2"
    template.write_text("<p>{{ vowels }}</p>")
    (scripts / "wordbridge/unused.html.j2").write_text("<p>")
    before = digest(scripts / "job.py")
    assert "wordbridge/letters.html.j2" in before
    assert "wordbridge/unused.html.j2" not in before
    template.write_text("<b>{{ vowels }}</b>")
    after = digest(scripts / "job.py")
    assert {n for n in before if before[n] != after[n]} == {"wordbridge/letters.html.j2"}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("x = 1", "x = 1.0"),
        ("x = 1", "x = True"),
        ("x = 1", "x = '1'"),
        ("x = 'a'", "x = b'a'"),
        ("x = None", "x = ..."),
        ("x = []", "x = ()"),
        ("def f(a, /): pass", "def f(a): pass"),
        ("def f(a=None): pass", "def f(a): pass"),
        ("def f(): return", "def f(): return None"),
        ("x = {**a}", "x = {'a': a}"),
    ],
)
def test_code_with_another_meaning_has_another_hash(tmp_path: Path, one: str, two: str):
    hashes = set()
    for text in (one, two):
        (tmp_path / "job.py").write_text(text)
        hashes.add(digest(tmp_path / "job.py")["job.py"])
    assert len(hashes) == 2


RAISED = """
def check(name, allowed):
    text = 'a text'
    if name not in allowed:
        raise InputError(
            f"one {name} of {'some' if allowed == 'k' else 'none'}" + " two"
            f" three {', '.join(allowed['key'])!r}"
        ) from None
    if not name:
        raise InputError("four")
    raise Stopped(f"five {name}")


def build(name) -> InputError:
    def inner():
        return InputError("six")

    return InputError(f"seven {name}")


def other(name):
    return InputError(f"eight {name}")
"""


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        ("one ", "uno ", False),
        ('f"one {name}', 'f"{name}', False),
        ("'some'", "'few'", False),
        ("'none'", "'no'", False),
        (" two", " dos", False),
        (" three ", " tres ", False),
        ("four", "cuatro", False),
        ("seven ", "siete ", False),
        ("five ", "cinco ", True),
        ("six", "seis", True),
        ("eight ", "ocho ", True),
        ("a text", "another text", True),
        ("not in", "in", True),
        ("one {name}", "one {text}", True),
        ("one {name}", "one", True),
        ("== 'k'", "== 'l'", True),
        ("', '", "'; '", True),
        ("'key'", "'keys'", True),
        ("!r", "", True),
        (" from None", "", True),
        ('InputError("four")', 'Stopped("four")', True),
        ("seven {name}", "seven {name.upper()}", True),
        ("-> InputError", "-> Stopped", True),
    ],
)
def test_everything_but_the_text_of_an_input_error_counts(
    tmp_path: Path, old: str, new: str, counts: bool
):
    script = tmp_path / "job.py"
    script.write_text(RAISED)
    before = digest(script)
    edit(script, old, new)
    assert (digest(script) != before) == counts


def test_a_hash_is_the_same_in_every_python_and_every_checkout(tmp_path: Path):
    (tmp_path / "job.py").write_text(SAMPLE, encoding="utf-8")
    assert digest(tmp_path / "job.py") == {"job.py": "061648f89ae2"}


def test_empty_texts_that_python_3_12_adds_to_format_specifications_do_not_count():
    tree = ast.parse("f'{1:{width}}'", mode="eval")
    before = provenance._canonical(tree, set())
    assert isinstance(tree.body, ast.JoinedStr)
    (value,) = tree.body.values
    assert isinstance(value, ast.FormattedValue)
    assert isinstance(value.format_spec, ast.JoinedStr)
    value.format_spec.values.append(ast.Constant(""))
    assert provenance._canonical(tree, set()) == before


def test_relative_imports_and_packages_are_followed(scripts: Path):
    (scripts / "wordbridge/deep").mkdir()
    (scripts / "wordbridge/deep/__init__.py").touch()
    (scripts / "wordbridge/deep/a.py").write_text("from . import b\nfrom .. import sets\n")
    (scripts / "wordbridge/deep/b.py").write_text("from ..letters import vowels\n")
    (scripts / "job.py").write_text("import wordbridge.deep.a as a\n")
    assert list(digest(scripts / "job.py")) == [
        "job.py",
        "wordbridge/__init__.py",
        "wordbridge/deep/__init__.py",
        "wordbridge/deep/a.py",
        "wordbridge/deep/b.py",
        "wordbridge/letters.py",
        "wordbridge/sets.py",
    ]


@pytest.mark.parametrize("test", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_imports_for_type_checkers_only_do_not_count(scripts: Path, test: str):
    (scripts / "job.py").write_text(
        f"if {test}:\n    import wordbridge.sets\nelse:\n    import wordbridge.unused\n"
    )
    modules = ["job.py", "wordbridge/__init__.py", "wordbridge/unused.py"]
    assert list(digest(scripts / "job.py")) == modules


def test_the_watching_module_does_not_count(scripts: Path):
    (scripts / "wordbridge/job.py").write_text("import wordbridge.sets\n")
    (scripts / "job.py").write_text("from wordbridge.job import start_job\n")
    assert list(digest(scripts / "job.py")) == ["job.py", "wordbridge/__init__.py"]


def test_versions_of_the_distributions_behind_the_imports_belong_to_the_param(scripts: Path):
    code = code_of(scripts / "job.py")
    assert code["modules"] == digest(scripts / "job.py")
    assert code["versions"] == {"PyYAML": yaml.__version__, "numpy": numpy.__version__}
    assert list(code["versions"]) == sorted(code["versions"])


def test_versions_are_left_to_the_environment_file_when_conda_makes_the_environments(
    scripts: Path,
):
    assert code_of(scripts / "job.py", "CONDA")["versions"] == {}


def test_the_process_of_a_job_has_the_param_of_the_one_that_planned_it(scripts: Path):
    planned = code_of(scripts / "job.py")
    edit(scripts / "wordbridge/sets.py", "aeiou", "aeiouy")
    assert code_of(scripts / "job.py", planned=planned["modules"]) == planned
    assert code_of(scripts / "job.py") != planned


def test_without_a_plan_the_param_has_the_present_code(scripts: Path):
    assert code_of(scripts / "job.py", planned={}) == code_of(scripts / "job.py")


def test_a_plan_of_unchanged_files_parses_none_of_them(
    scripts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(provenance, "CACHE", tmp_path / "code.json")
    first = code_of(scripts / "job.py")
    with monkeypatch.context() as patch:
        patch.setattr(provenance, "_modules", None)
        assert code_of(scripts / "job.py") == first
    edit(scripts / "wordbridge/sets.py", "aeiou", "aeiouy")
    assert code_of(scripts / "job.py")["modules"] == digest(scripts / "job.py") != first["modules"]
    (tmp_path / "code.json").write_text("[]")
    assert code_of(scripts / "job.py")["modules"] == digest(scripts / "job.py")


def test_the_param_holds_no_path_of_this_machine(scripts: Path):
    assert str(scripts) not in repr(code_of(scripts / "job.py"))


# Plans


@pytest.fixture(autouse=True)
def unplanned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restore the environment after each test."""
    monkeypatch.setenv(PLAN, "")
    monkeypatch.delenv(PLAN)


def parsed(config: dict[str, Any], *scripts: Path, main: bool) -> Any:
    """Return the parts of Snakemake's workflow that matter here; ``params`` gets the params."""
    params: dict[str, Any] = {}
    rules = [
        SimpleNamespace(
            script=script.name,
            basedir=SimpleNamespace(
                join=lambda _, script=script: SimpleNamespace(
                    get_path_or_uri=lambda secret_free: str(script)
                )
            ),
            set_params=params.update,
        )
        for script in scripts
    ]
    settings = SimpleNamespace(deployment_method=[])
    return SimpleNamespace(
        config=config,
        is_main_process=main,
        rules=rules,
        deployment_settings=settings,
        params=params,
    )


def test_a_job_starts_if_only_the_order_of_keys_differs():
    check_plan(parsed({"seeds": [1, 2], "device": "cpu"}, main=True))
    check_plan(parsed({"device": "cpu", "seeds": [1, 2]}, main=False))


def test_a_job_stops_if_the_configuration_changed_after_the_plan():
    check_plan(parsed({"beam": 2}, main=True))
    with pytest.raises(WorkflowError, match=r"^the configuration changed after the workflow"):
        check_plan(parsed({"beam": 3}, main=False))


def test_a_job_has_the_code_that_was_planned(tmp_path: Path):
    script = tmp_path / "job.py"
    script.write_text("print(1)\n")
    plan = parsed({}, script, main=True)
    check_plan(plan)
    script.write_text("print(2)\n")
    running = parsed({}, script, main=False)
    check_plan(running)
    assert running.params["code"] == plan.params["code"]
    assert json.loads(os.environ[PLAN])["code"] == plan.params["code"]["modules"]


def test_each_new_run_makes_its_own_plan():
    check_plan(parsed({"beam": 2}, main=True))
    check_plan(parsed({"beam": 3}, main=True))
    check_plan(parsed({"beam": 3}, main=False))


def test_a_job_without_a_plan_in_its_environment_starts():
    check_plan(parsed({}, main=False))
    assert PLAN not in os.environ
