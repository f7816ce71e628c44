"""README.md and docs/: their commands, links, paths, keys and examples of configurations.

The commands of comments in the Makefile, the configurations and the profiles are here as well.
test_docs_commands.py and test_docs_python.py run what is only read or planned here.
"""

import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import snakemake.cli
import typer.main
import yaml
from snakemake.utils import update_config

from tests.planned import Planner, unchanging_code
from wordbridge.cli import app
from workflow.config import SCHEMA, load_project, read_schema
from workflow.config_errors import schema_keys

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "workflow/scripts/wordbridge"
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PAGES}
SETTINGS = ["config.yaml", "configs/**/*.yaml", "profiles/**/*.yaml", "tests/mini/*.yaml"]
PROGRAMS = ("make", "wordbridge", "snakemake", "python", "pytest")
OF_THE_SYSTEM = {"apt-get", "export", "grep", "kill", "rm", "scancel"}
OF_THE_USER = {"configs/mine.yaml"}
FILE_ENDINGS = {"py", "md", "tsv", "txt", "html", "json", "yaml", "npy", "png", "cff"}


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def inline(text: str) -> list[str]:
    """Return what is set as code within lines."""
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [code for line in outside.splitlines() for code in re.findall(r"`([^`]+)`", line)]


def in_blocks() -> Iterator[str]:
    for text in TEXTS.values():
        for line in "".join(blocks(text, "sh")).splitlines():
            yield from re.split(r" && | \| ", line)


def within_lines() -> Iterator[str]:
    """Yield the commands within the lines of the pages, and those of comments."""
    for text in TEXTS.values():
        yield from inline(text)
    for path in sorted(path for pattern in SETTINGS for path in ROOT.glob(pattern)):
        text = path.read_text(encoding="utf-8")
        yield from inline(text)
        yield from re.findall(r"^#   (\S.*)$", text, flags=re.MULTILINE)


def commands() -> Iterator[str]:
    yield from in_blocks()
    for code in within_lines():
        program, *arguments = code.split(" ")
        if arguments and Path(program).name in {*PROGRAMS, *OF_THE_SYSTEM}:
            yield code


COMMANDS = sorted(set(commands()))


def of(program: str, commands: Iterable[str] = COMMANDS) -> list[list[str]]:
    """Return the arguments of each command that starts a program."""
    words = [shlex.split(command) for command in commands]
    return [arguments for name, *arguments in words if Path(name).name == program]


def config_of(files: list[str], values: dict[str, Any] | None = None) -> dict[str, Any]:
    config: dict[str, Any] = {}
    for name in ("config.yaml", *files):
        update_config(config, yaml.safe_load((ROOT / name).read_text(encoding="utf-8")))
    update_config(config, values or {})
    return config


# ---- Commands -----------------------------------------------------------------------------------


def test_every_command_starts_a_known_program():
    programs = {Path(shlex.split(command)[0]).name for command in COMMANDS}
    assert programs <= {*PROGRAMS, *OF_THE_SYSTEM}
    assert min(len(of(program)) for program in PROGRAMS) > 0


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("arguments", of("make"), ids=" ".join)
def test_make_has_the_targets_and_its_files_exist(arguments: list[str]):
    configs = [a.partition("=")[2].split() for a in arguments if a.startswith("CONFIG=")]
    assert [c for files in configs for c in files if not (ROOT / c).exists()] in (
        [],
        [*OF_THE_USER],
    )
    command = ["make", "--dry-run", *arguments]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_the_makefile_describes_all_its_targets():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    described = re.findall(r"^# make (\w*)", text, flags=re.MULTILINE)
    targets = re.findall(r"^\.PHONY: (.*)$", text, flags=re.MULTILINE)[0].split()
    assert {*described, "run", "configs"} == {"", *targets}


@pytest.mark.parametrize("arguments", of("wordbridge"), ids=" ".join)
def test_the_command_line_parses(arguments: list[str]):
    group = typer.main.get_command(app)
    assert isinstance(group, typer.main.TyperGroup)
    context = group.make_context("wordbridge", [*arguments])
    name, command, rest = group.resolve_command(context, [*arguments])
    assert command is not None
    command.make_context(name, rest)


@pytest.mark.parametrize("arguments", of("snakemake"), ids=" ".join)
def test_snakemake_plans(arguments: list[str], tmp_path: Path):
    options = snakemake.cli.get_argument_parser().parse_args(arguments)
    if options.workflow_profile:
        assert (ROOT / options.workflow_profile / "config.yaml").exists()
    for name in ("mine.fr", "mine.en"):
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / name).touch()
    values = dict(item.split("=") for item in options.config or [])
    config = config_of([str(path) for path in options.configfile or []], values)
    targets = [target for target in options.targets or [] if not target.isupper()]
    with unchanging_code():
        assert Planner(tmp_path, targets).plan(config).jobs


SLURM_OPTIONS = [code for code in inline(TEXTS["docs/cluster.md"]) if re.match(r"--[\w-]+ ", code)]


@pytest.mark.parametrize("code", SLURM_OPTIONS)
def test_snakemake_has_the_options_for_slurm(code: str):
    options = snakemake.cli.get_argument_parser().parse_args(shlex.split(code))
    changed = options.set_resources or {}
    assert [*changed] == ["train_translator"] * code.startswith("--set-resources")


@pytest.mark.parametrize("arguments", of("python") + of("pytest"), ids=" ".join)
def test_python_and_pytest_find_their_files(arguments: list[str]):
    match arguments:
        case ["-m", module, *_]:
            assert find_spec(module)
        case [path, *_]:
            assert (ROOT / path).exists()


# ---- Configurations -----------------------------------------------------------------------------

YAML = [(page, block) for page, text in TEXTS.items() for block in blocks(text, "yaml")]


@pytest.mark.parametrize(("page", "block"), YAML, ids=[page for page, _ in YAML])
def test_an_example_of_a_configuration_is_valid(page: str, block: str):
    load_project(config_of([], yaml.safe_load(block)), [])


def schema_paths() -> set[str]:
    """Return all dotted keys, those of a variant or method also as its own ``a.b``."""
    schema = read_schema(SCHEMA)
    nodes = {path.replace("*", "NAME"): node for path, node in schema_keys(schema, schema)}
    paths = set(nodes)
    entries = {path.partition(".NAME")[0] + ".NAME" for path in paths if ".NAME" in path}
    entries |= {f"{path}.NAME" for path, node in nodes.items() if node.get("additionalProperties")}
    names = {
        path.split(".", 2)[2] for path in paths if re.match(r"(variants|methods)\.NAME\.", path)
    }
    return paths | entries | names


@pytest.mark.parametrize("page", [page for page in TEXTS if page != "docs/python.md"])
def test_every_key_exists(page: str):
    codes = [code.partition(":")[0] for code in inline(TEXTS[page])]
    keys = {code for code in codes if re.fullmatch(r"[a-z_]+(\.(NAME|[a-z_]+(\[\])?))+", code)}
    keys = {key for key in keys if key.split(".")[-1] not in FILE_ENDINGS}
    assert {key.replace("[]", "") for key in keys} - schema_paths() == set()


# ---- Links, paths and names ---------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", TEXTS)
def test_every_link_leads_somewhere(page: str):
    for target in re.findall(r"\]\(([^)]+)\)", TEXTS[page]):
        name, _, anchor = target.partition("#")
        path = (ROOT / page).parent / name
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


@pytest.mark.parametrize("page", TEXTS)
def test_every_path_exists(page: str):
    heads = {path.name for path in ROOT.iterdir() if path.name not in ("results", "resources")}
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    for code in inline(TEXTS[page]):
        head = code.split("/")[0]
        if " " in code or "/" not in code or code in OF_THE_USER or re.search("NAME|PID", code):
            continue
        if head in folders and code.endswith(".py"):
            assert (PACKAGE / code).exists(), code
        elif head in heads - {"logs", "data", "benchmarks", ".venv", ".snakemake"}:
            assert (ROOT / code).exists(), code


def test_every_rule_of_the_lesson_exists():
    text = " ".join(TEXTS["docs/lesson.md"].split())
    named = re.findall(r"\brules? ((?:`\w+`(?:, | and )?)+)", text)
    rules = {name for part in named for name in re.findall(r"\w+", part.replace(" and ", " "))}
    sources = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    assert len(rules) > 25
    assert rules - set(re.findall(r"^rule (\w+):", sources, re.MULTILINE)) == set()


# ---- Size and citation --------------------------------------------------------------------------


def test_the_readme_is_short():
    lines = TEXTS["README.md"].splitlines()
    assert len(lines) <= 180
    assert [line for line in lines if len(line) > 120] == []


def test_the_citation_has_the_projects_version_and_licence():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for key in ("version", "license"):
        assert citation[key] == project[key]
    for work in citation["references"]:
        assert {"type", "title", "authors", "year"} <= work.keys()
