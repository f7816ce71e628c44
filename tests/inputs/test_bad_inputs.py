"""Every row of the table goes through its door."""

import ast
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml
from snakemake.exceptions import WorkflowError
from typer.testing import CliRunner

from tests import image_tree, mini_tree
from tests.inputs import archives, commands, config, images, models, texts, vectors
from tests.inputs.doors import DOORS
from tests.inputs.rows import HERE, Bad, Command, Damage, Held, Row, Run, Setting, Unusual, Value
from tests.search.toys import make_run
from tests.test_cli import finish
from wordbridge.cli import app
from wordbridge.errors import InputError
from wordbridge.images.decoding import UnreadableImageError
from wordbridge.startup import YAML
from workflow.config import load_project

ROOT = Path(__file__).resolve().parents[2]
SUBJECTS = (texts, vectors, archives, images, models, config, commands)
ROWS: list[Row] = [row for subject in SUBJECTS for row in subject.ROWS]
BEST = "translators/plain/10"
LONGEST = 600  # characters of a line that a person still reads, without the path
# Who asks them puts the name in front: the resource, the image in the table of failures.
NAMELESS = {"archive", "classes", "image"}


def key(row: Row) -> str:
    """Return what is given, behind the door or else the kind of the row."""
    return f"{getattr(row, 'door', type(row).__name__)}: {row.what}"


def rows(kind: type[Row]) -> list[Any]:
    """Return the rows of a kind as parameters whose ids describe the input."""
    return [
        pytest.param(
            row, id=key(row), marks=[pytest.mark.long] if getattr(row, "long", False) else []
        )
        for row in ROWS
        if isinstance(row, kind)
    ]


def damage(content: bytes, change: Damage) -> bytes:
    return change if isinstance(change, bytes) else change(content)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def one_line(message: str) -> str:
    """Return a message after a look at its form."""
    assert "\n" not in message
    assert "Traceback" not in message
    assert len(message) < LONGEST
    return message


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a difficult name, in which we are."""
    folder = tmp_path / "à l'été (2)"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def given(row: Bad | Unusual, folder: Path) -> Path:
    path = DOORS[row.door].set_up(folder)
    path.write_bytes(damage(path.read_bytes(), row.content))
    return path


def test_the_table_has_as_many_rows_of_each_kind_as_the_documentation_states():
    refused = Counter(type(row) for row in ROWS if getattr(row, "message", ""))
    promised = {Bad: 174, Value: 5, Setting: 50, Command: 37, Run: 17}
    assert [kind.__name__ for kind, count in promised.items() if refused[kind] != count] == []
    understood = [row for row in ROWS if isinstance(row, Unusual) or getattr(row, "gives", None)]
    assert len(understood) == 59
    assert len([row for row in ROWS if isinstance(row, Held)]) == 45
    keys = list(map(key, ROWS))
    assert {one for one in keys if keys.count(one) > 1} == set()
    assert {row.door for row in ROWS if isinstance(row, Bad | Unusual)} == set(DOORS)


@pytest.mark.parametrize("row", rows(Bad))
def test_the_error_of_a_bad_file_is_one_line_with_its_name(row: Bad, folder: Path):
    path = given(row, folder)
    before = contents(folder)
    with pytest.raises((InputError, UnreadableImageError)) as caught:
        DOORS[row.door].read(path)
    message = one_line(str(caught.value).replace(str(folder), ""))
    assert row.message in message
    assert row.door in NAMELESS or any(Path(name).name in message for name in before)
    assert contents(folder) == before  # nothing half-written, nothing that a pickle has done


@pytest.mark.parametrize("row", rows(Unusual))
def test_an_unusual_file_is_understood(row: Unusual, folder: Path):
    assert DOORS[row.door].read(given(row, folder)) == row.gives


@pytest.mark.parametrize(
    "door", sorted(DOORS.keys() - {"archive", "image", "state"})
)  # looked for before
@pytest.mark.parametrize("is_folder", [False, True])
def test_a_missing_file_and_a_folder_for_a_file_are_named(door: str, is_folder: bool, folder: Path):
    path = DOORS[door].set_up(folder)
    path.unlink()
    if is_folder:
        path.mkdir()
    with pytest.raises(InputError, match=re.escape(path.name)) as caught:
        DOORS[door].read(path)
    one_line(str(caught.value))


@pytest.mark.parametrize("row", rows(Value))
def test_an_impossible_value_is_an_error_and_an_extreme_one_is_accepted(row: Value):
    if not row.message:
        assert row.call() == row.gives
        return
    with pytest.raises(InputError) as caught:
        row.call()
    assert row.message in one_line(str(caught.value))


@pytest.mark.parametrize("row", rows(Setting))
def test_the_error_of_a_bad_setting_has_its_key(row: Setting):
    config = yaml.load((ROOT / "config.yaml").read_text(encoding="utf-8"), YAML)
    *path, name = row.key.split(".")
    block = config
    for part in path:
        block = block.setdefault(part, {})
    block[name] = row.value
    with pytest.raises(WorkflowError) as caught:
        load_project(config, [])
    assert row.message in one_line(str(caught.value))


# ---- The command --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the results of a run that can translate and search."""
    results = tmp_path_factory.mktemp("été à Noël") / "mes résultats"
    make_run(results)
    return finish(results)


@pytest.fixture
def results(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / finished.name))


def replace(results: Path, name: str, change: Damage | str) -> None:
    path = results / name.replace("@", BEST)
    if isinstance(change, str) or not name:
        shutil.rmtree(path)
    if isinstance(change, str):
        shutil.copytree(results / change, path)
    else:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(damage(path.read_bytes() if path.is_file() else b"", change))


@pytest.mark.parametrize("row", rows(Command))
def test_a_bad_command_ends_in_one_line(row: Command, results: Path):
    for name, change in row.damaged.items():
        replace(results, name, change)
    before = contents(results)
    words = [word.replace(HERE, str(results)) for word in row.words]
    named = [] if words != [*row.words] else ["--results", str(results)]
    run = CliRunner().invoke(app, [*words, *named], input=row.stdin)
    assert run.exit_code == row.code, run.output
    *above, last = run.stderr.splitlines()
    assert row.message in one_line(last)
    if row.code == 1:
        assert above == []
        assert last.startswith(("error: ", "text 1: ", "stdin, line 1: "))
    assert contents(results) == before


@pytest.mark.parametrize(
    ("words", "label"), [(["search", "boat", "--top", "1"], "boat"), (["translate", "Qui ?"], "")]
)
def test_a_folder_with_spaces_and_accents_is_a_folder(words: list[str], label: str, finished: Path):
    run = CliRunner().invoke(app, [*words, "--results", str(finished)])
    assert run.exit_code == 0, run.stderr
    assert label in run.stdout


def test_an_unknown_folder_among_trained_models_is_ignored(results: Path):
    shutil.copytree(results / BEST, results / "translators/plain/10 (copy)")
    run = CliRunner().invoke(app, ["translate", "Qui ?", "--results", str(results)])
    assert run.exit_code == 0, run.stderr


# ---- The workflow -------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with a difficult name for an experiment whose files may be changed."""
    project = tmp_path / "à l'école (2)"
    project.mkdir()
    return project


def write_mini(project: Path) -> None:
    """Write the mini experiment, whose texts may be others."""
    shutil.copytree(ROOT / "tests/mini", project / "tests/mini")
    config = project / "tests/mini/config.yaml"
    pinned = config.read_text(encoding="utf-8")
    config.write_text(re.sub(r"    sha256: \w+\n", "", pinned), encoding="utf-8")


def edit(path: Path, change: tuple[str, str] | bytes) -> None:
    if isinstance(change, bytes):
        path.write_bytes(change)
        return
    text = path.read_text(encoding="utf-8")
    assert change[0] in text
    path.write_text(text.replace(*change, 1), encoding="utf-8")


def logged(project: Path) -> Iterator[str]:
    """Yield the last line of each rule's log."""
    for log in (project / "logs").rglob("*.log"):
        yield (log.read_text(encoding="utf-8").splitlines() or [""])[-1]


@pytest.mark.parametrize("row", rows(Run))
def test_a_bad_run_ends_in_one_line(
    row: Run, project: Path, workflow: Callable[..., CompletedProcess[str]]
):
    results, options = (
        (image_tree.RESULTS, image_tree.options(project))
        if row.images
        else (mini_tree.RESULTS, mini_tree.options(project / mini_tree.CONFIG))
    )
    (image_tree.write_sources if row.images else write_mini)(project)
    for name, change in row.edits.items():
        edit(project / name, change)
    shown = workflow(project, f"{results}/{row.target}", *options, ok=False).stdout
    assert row.message in shown
    assert "Traceback" not in shown
    if (project / "logs").exists():
        assert any(row.message in last and last.startswith("error: ") for last in logged(project))
    assert not (project / results / row.target).exists()
    assert [*project.rglob("*.partial.*")] == []


# ---- Elsewhere ----------------------------------------------------------------------------------


def test_the_documentation_has_the_numbers_of_rows():
    of = Counter(
        "refused value" if isinstance(row, Value) and row.message else type(row).__name__
        for row in ROWS
    )
    sentence = (
        f"a table of {len(ROWS)} inputs: {of['Bad']} bad files, "
        f"{of['Setting'] + of['refused value']} bad settings and values, {of['Command']} bad "
        f"command lines and {of['Run']} whole runs with their errors, "
        f"{of['Unusual'] + of['Value']} unusual inputs that must be accepted, and {of['Held']} "
        "that other tests check."
    )
    text = (ROOT / "docs/reproducibility.md").read_text(encoding="utf-8")
    assert sentence in " ".join(text.split())


@pytest.mark.parametrize("row", rows(Held))
def test_a_row_that_another_test_has_is_in_that_test(row: Held):
    path, _, name = row.test.partition("::")
    text = (ROOT / path).read_text(encoding="utf-8")
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    (test,) = [node for node in functions if node.name == name]
    first = min([test.lineno, *(decorator.lineno for decorator in test.decorator_list)])
    assert row.words in "\n".join(text.splitlines()[first - 1 : test.end_lineno])
