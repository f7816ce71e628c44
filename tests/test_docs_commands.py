"""The commands in the blocks of README.md and docs/, run as they are on small finished runs."""

import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import uvicorn
from typer.testing import CliRunner

from tests.manifest_toys import RESULTS, TABLE, facts, write_record, write_tree
from tests.mini_tree import CONFIG, ROOT, options
from tests.search.toys import image_bytes, make_run, write_network
from tests.test_cli import finish, save
from tests.test_docs import in_blocks, of
from wordbridge.cli import app
from wordbridge.files import read_json, write_json
from wordbridge.search.engine import SearchEngine

COMMANDS = of("wordbridge", sorted(set(in_blocks())))
Workflow = Callable[..., CompletedProcess[str]]


def of_command(*names: str) -> list[list[str]]:
    return [arguments for arguments in COMMANDS if arguments[0] in names]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run of translators and images, one of translators, and an image."""
    folder = tmp_path_factory.mktemp("models")
    results = finish(make_run(folder / "results/default"))
    save(results, "all", 10, "fr-en", bleu=1, versions=["4", "k"])
    settings = read_json(results / "config.json", "settings", "-", ())
    settings["variants"].append("all")
    write_json(results / "config.json", settings | write_network(results))
    finish(folder / "results/mine")
    (folder / "photo.jpg").write_bytes(image_bytes("#00aa00"))
    return folder


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two runs with their records; the folder ``other`` beside it is equal."""
    folder = tmp_path_factory.mktemp("records") / "checkout"
    table = f"{RESULTS}/tables/scores.tsv"
    (write_tree(folder) / "tables").mkdir()
    (folder / table).touch()
    write_record(folder, TABLE | {"rule": "tabulate_scores", "outputs": {table: facts("")}})
    shutil.copytree(folder / RESULTS, folder / "results/full")
    (folder / RESULTS).rename(folder / "results/default")
    shutil.copytree(folder, folder.parent / "other")
    return folder


def test_every_command_is_run_here():
    names = {arguments[0] for arguments in COMMANDS}
    assert names == {"translate", "search", "serve", "verify", "compare", "why"}


@pytest.mark.parametrize("arguments", of_command("translate", "search"), ids=" ".join)
def test_a_model_answers(arguments: list[str], models: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(models)
    # That of a model with random weights has no noun.
    monkeypatch.setattr(SearchEngine, "_translate", lambda *_: ("where is the boat?", ""))
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout
    if "--sheet" in arguments:
        assert Path(arguments[arguments.index("--sheet") + 1]).stat().st_size > 0


@pytest.mark.parametrize("arguments", of_command("serve"), ids=" ".join)
def test_a_server_starts(arguments: list[str], models: Path, monkeypatch: pytest.MonkeyPatch):
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(models)
    monkeypatch.setattr(uvicorn.Server, "run", stop)
    ran = CliRunner().invoke(app, [*arguments, "--port", "0"])  # the last port counts
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("arguments", of_command("verify", "compare"), ids=" ".join)
def test_results_are_verified_and_compared(
    arguments: list[str], records: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(records)
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 0, ran.output
    assert ran.stdout


@pytest.mark.parametrize("arguments", of_command("why"), ids=" ".join)
def test_the_jobs_of_an_empty_tree_are_listed(
    arguments: list[str], tmp_path: Path, python: Callable[..., CompletedProcess[str]]
):
    code = "from wordbridge.cli import app; app()"
    command: list[Any] = ["-c", code, *arguments, "--directory", tmp_path]
    ran = python(*command, cwd=ROOT, path=ROOT / "workflow/scripts")
    assert ran.returncode == 0, ran.stderr
    assert "train_translator" in ran.stdout
    assert "jobs" in ran.stdout.splitlines()[-1]


# ---- Snakemake ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "rules"),
    [
        (
            "--until tokenize_questions",
            "fetch_resource pair_sentences extract_questions tokenize_questions",
        ),
        (
            "results/default/translators/attention/1/model.safetensors",
            "fetch_resource pair_sentences extract_questions tokenize_questions split_pairs "
            "add_auxiliary build_vocab numericalize build_embeddings train_translator",
        ),
    ],
)
def test_a_step_of_the_lesson_needs_only_those_before_it(
    command: str, rules: str, tmp_path: Path, jobs: Callable[..., dict[str, int]]
):
    assert command.split() in of("snakemake", in_blocks())
    assert set(jobs(tmp_path, *command.split())) == set(rules.split())


def test_a_forced_file_gets_a_record(checkout: Path, workflow: Workflow):
    record = checkout / "results/mini/manifest/describe_corpus.json"
    record.unlink()
    forced = ("--force", "results/mini/tables/corpus.tsv")
    workflow(checkout, *options(checkout / CONFIG), *forced, snakefile=checkout / "Snakefile")
    assert record.exists()


def test_locks_of_another_host_stay_until_they_are_removed(checkout: Path, workflow: Workflow):
    run = ("results/mini/tables/corpus.tsv", *options(checkout / CONFIG))
    snakefile = checkout / "Snakefile"
    (checkout / ".snakemake/wordbridge.presence").write_text("another\n")
    locks = checkout / ".snakemake/locks"
    locks.mkdir(exist_ok=True)
    (locks / "0.output.lock").write_text("results/mini/tables/corpus.tsv\n")
    shown = workflow(checkout, *run, "--force", snakefile=snakefile, ok=False).stdout
    assert "Directory cannot be locked" in shown
    workflow(checkout, *run, "--unlock", snakefile=snakefile)
    workflow(checkout, *run, "--force", snakefile=snakefile)
