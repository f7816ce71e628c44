"""The whole workflow, run once on everyday questions (tests/mini): results, staleness, errors."""

import csv
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest

from tests.interruption.harness import (
    Snakemake,
    Watcher,
    check_nothing_repeated_but_the_last_interval,
    check_same,
    prepare_faults,
)
from tests.mini_tree import CONFIG, RESULTS, ROOT, artefacts, copy_of_checkout, edit, options
from wordbridge.devise.picture_table import Picture, write_pictures
from wordbridge.manifest.comparison import compare
from wordbridge.manifest.exceptions import EXCEPTIONS
from wordbridge.searching import Search
from wordbridge.verifying import traced, verified

Workflow = Callable[..., subprocess.CompletedProcess[str]]
Jobs = Callable[..., dict[str, int]]
Stale = Callable[..., set[str]]

PACKAGE = "workflow/scripts/wordbridge"
TRANSLATOR = f"{RESULTS}/translators/all/1"

# Folders of RESULTS whose files no job records.
UNRECORDED = {one.folder for one in EXCEPTIONS if not one.recorded}
# What stands for the network here: a port on which nobody listens, in front of every address.
NO_NETWORK = {f"{name}_proxy": "http://127.0.0.1:9" for name in ("http", "https", "all")}

# Each set is a rule and what Snakemake runs below it in one invocation.
PAGE = {"build_page"}
SCORES = {"score_translations", "tabulate_scores"} | PAGE
TRANSLATIONS = {"translate_questions", "tabulate_samples", "tabulate_times", "plot_attention"}
TRANSLATIONS |= SCORES
TRAINING = {"train_translator", "tabulate_training"} | TRANSLATIONS
EMBEDDINGS = {"build_embeddings", "tabulate_coverage", "find_learning_rate"} | TRAINING
NUMBERS = {"number_tokens", "plot_schedule", "find_learning_rate"} | TRAINING
VOCABULARY = {"build_vocab"} | NUMBERS | EMBEDDINGS
SPLIT = {"split_pairs", "audit_leaks", "describe_corpus", "train_vectors"} | VOCABULARY
TOKENS = {"tokenize_questions"} | SPLIT
QUESTIONS = {"extract_questions"} | TOKENS
# What one variant's jobs run into.
TABLES = {"tabulate_scores": 1, "tabulate_times": 1, "tabulate_training": 1, "build_page": 1}
COLLECTING = {"all", "text", "translation", "vectors"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, workflow: Workflow) -> Path:
    """Return a checkout in which the mini experiment has run; look at it only."""
    checkout = copy_of_checkout(tmp_path_factory.mktemp("mini") / "checkout")
    workflow(checkout, *options(checkout / CONFIG), snakefile=checkout / "Snakefile")
    return checkout


@pytest.fixture
def checkout(finished: Path, tmp_path: Path) -> Path:
    """Return a copy of the finished checkout, to be edited."""
    return shutil.copytree(finished, tmp_path / "copy")


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


# ---- Results ------------------------------------------------------------------------------------


def test_a_finished_tree_has_nothing_to_be_done(finished: Path, jobs: Jobs):
    assert jobs(finished, *options(), snakefile=finished / "Snakefile") == {}


def test_a_finished_training_keeps_no_state(finished: Path):
    assert [path for path in finished.glob("resources/state/**/*") if path.is_file()] == []


def test_the_page_links_every_table_and_figure_and_only_what_exists(finished: Path):
    root = finished / RESULTS
    page = (root / "index.html").read_text(encoding="utf-8")
    links = {unquote(link) for link in re.findall(r'(?:href|src)="([^"#]+)"', page)}
    assert {link for link in links if not (root / link).exists()} == set()
    shown = {(root / link).resolve() for link in links}
    made = [*root.glob("tables/*"), *root.glob("figures/*"), root / "timings/times.html"]
    assert {path for path in made if path.resolve() not in shown} == set()


def test_every_table_has_rows_and_three_forms(finished: Path):
    tables = sorted((finished / RESULTS / "tables").glob("*.tsv"))
    assert [path.stem for path in tables] == [
        *("corpus", "corpus_pairs", "coverage", "leaks", "samples", "scores", "training")
    ]
    for table in tables:
        rows = read_rows(table)
        assert rows
        assert all(None not in row and None not in row.values() for row in rows)
        assert "<table" in table.with_suffix(".html").read_text(encoding="utf-8")
        assert table.with_suffix(".md").read_text(encoding="utf-8").count("\n|") >= len(rows)


def test_no_pair_leaks_from_one_part_to_another(finished: Path):
    rows = read_rows(finished / RESULTS / "tables/leaks.tsv")
    assert len(rows) == 3
    for row in rows:
        _, _, pairs, *shared = row.values()
        assert int(pairs) > 0
        assert set(shared) == {"0"}


def test_the_scores_are_of_both_variants_over_both_seeds(finished: Path):
    files = sorted((finished / RESULTS / "scores").rglob("*.json"))
    scores = [json.loads(path.read_text()) for path in files]
    assert [(s["variant"], s["seed"]) for s in scores] == [
        *(("all", 1), ("all", 2), ("baseline", 1), ("baseline", 2))
    ]
    rows = read_rows(finished / RESULTS / "tables/scores.tsv")
    assert [row["variant"] for row in rows] == ["baseline", "all"]


def test_numbers_stay_below_the_size_of_their_vocabulary(finished: Path):
    for language, dim in [("fr", 11), ("en", 10)]:
        words = read_rows(finished / RESULTS / f"vocabulary/{language}.tsv")
        ids = np.load(finished / RESULTS / f"ids/{language}.npz")["ids"]
        matrix = np.load(finished / RESULTS / f"embeddings/{language}.npy")
        assert 0 < ids.max() < len(words)
        assert matrix.shape == (len(words), dim)


def test_no_artefact_names_this_machine_this_folder_or_today(finished: Path):
    today = datetime.fromtimestamp((finished / RESULTS / "index.html").stat().st_mtime)
    host = re.compile(rf"\b{re.escape(socket.gethostname())}\b")
    for name, content in artefacts(finished).items():
        for words in (str(finished.parent), str(ROOT), today.strftime("%Y-%m-%d")):
            assert words.encode() not in content, name
        if name.endswith((".html", ".json", ".md", ".tsv")):
            assert not host.search(content.decode()), name


def test_without_network_the_store_is_enough_and_every_byte_is_the_same(
    finished: Path, tmp_path: Path, workflow: Workflow
):
    other = copy_of_checkout(tmp_path / "a_longer_name" / "other")
    shutil.copytree(finished / "resources/store", other / "resources/store")
    for text in (other / "tests/mini").glob("*.txt"):
        text.unlink()  # the only place that the config knows
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("bash", "sh", "which"):  # what Snakemake needs; neither pip nor npm
        (programs / name).symlink_to(shutil.which(name) or name)
    target = f"{RESULTS}/translators/baseline/1/model.safetensors"
    workflow(
        *(other, target, *options(other / CONFIG)),
        snakefile=other / "Snakefile",
        env=NO_NETWORK | {"PATH": str(programs), "PYTHONHASHSEED": "7"},
    )
    made = compare(other / RESULTS, finished / RESULTS)
    assert made.files == len(artefacts(other)) > 10
    assert (made.departures, made.only_here) == ((), ())


@pytest.mark.long
def test_a_second_run_gives_every_byte_again(finished: Path, tmp_path: Path, workflow: Workflow):
    other = copy_of_checkout(tmp_path / "a_longer_name" / "other")
    workflow(
        *(other, *options(other / CONFIG), "--cores", "2"),
        snakefile=other / "Snakefile",
        env={"PYTHONHASHSEED": "7"},
    )
    (line,), same = verified(other / RESULTS, finished / "results", as_json=False)
    assert same, line
    assert f"{len(artefacts(finished))} files (" in line


@pytest.mark.long
def test_french_names_are_translated_as_a_search_translates_them(
    checkout: Path, workflow: Workflow
):
    names = {"A dog": "Un chien.", "The station": "la gare !", "dog": "chien"}
    pictures = [
        Picture("toy", en, "", "photo", "valid", en, fr, "", f"{en}.png", "1")
        for en, fr in names.items()
    ]
    write_pictures(checkout / RESULTS / "pictures/split.tsv", pictures)
    target = f"{RESULTS}/search/french_questions.tsv"
    workflow(checkout, target, *options(checkout / CONFIG), snakefile=checkout / "Snakefile")
    rows = read_rows(checkout / target)
    assert [row["question"] for row in rows] == ["Où est chien ?", "Où est gare ?"]
    searched = [Search(checkout / RESULTS)._translation(row["question"]) for row in rows]
    assert [row["translation"] for row in rows] == searched
    scores = {path: json.loads(path.read_text()) for path in checkout.glob(f"{RESULTS}/scores/*/*")}
    best = max(sorted(scores), key=lambda path: scores[path]["bleu_single"])
    assert {row["translator"] for row in rows} == {f"{best.parent.name}/{best.stem}"}


def test_verses_become_question_pairs(tmp_path: Path, workflow: Workflow):
    verses = {  # made up, in the wording of old translations
        "k": "And he said unto them, Where is thy brother?",
        "l": "Et il leur dit: Où est ton frère ?",
    }
    database = sqlite3.connect(tmp_path / "verses.db")
    database.execute("create table bible (bbName, bNumber, cNumber, vNumber, vText)")
    for name, text in verses.items():
        database.execute("insert into bible values (?, 40, 5, 13, ?)", (name, text))
    database.commit()
    database.close()
    config = tmp_path / "config.yaml"
    shutil.copy(ROOT / CONFIG, config)
    edit(config, "  mini_fr:\n", "  verses:\n    places: [local: verses.db]\n  mini_fr:\n")
    kind = "kind: verses\n    verses: verses\n    fr_versions: [l]\n    en_versions: [k]\n"
    edit(config, "kind: lines\n    fr: mini_fr\n    en: mini_en\n", kind)
    workflow(tmp_path, f"{RESULTS}/questions/pairs.tsv", *options(config))
    pairs = [tuple(row.values()) for row in read_rows(tmp_path / RESULTS / "questions/pairs.tsv")]
    texts = ("Où est ton frère ?", "Where is thy brother?")
    assert pairs == [("40:5:13/1.1", "40:5:13", *texts, "l", "k")]


# ---- What is stale ------------------------------------------------------------------------------


def row(name: str, *values: object, dear: bool = False) -> object:
    """Return one row of a table of cases; dear ones run with ``pytest -m long``."""
    return pytest.param(*values, id=name, marks=[pytest.mark.long] if dear else [])


@pytest.fixture
def changed(finished: Path, tmp_path: Path) -> Callable[..., list[str | Path]]:
    """Return the options for the mini config after edits: ``changed((old, new), ...)``."""

    def edited(*edits: tuple[str, str]) -> list[str | Path]:
        config = Path(shutil.copy(finished / CONFIG, tmp_path / "config.yaml"))
        for old, new in edits:
            edit(config, old, new)
        return options(config)

    return edited


def test_times_comments_docstrings_and_another_folder_make_nothing_stale(
    checkout: Path, stale: Stale
):
    for module in ("errors.py", "corpus/markers.py", "translation/training.py"):
        path = checkout / PACKAGE / module
        edit(path, '"""', '"""Other words: ')
        path.write_text(f"# A comment.\n{path.read_text(encoding='utf-8')}\n\n", encoding="utf-8")
    edit(checkout / "Snakefile", "min_version(", "# A comment.\nmin_version(")
    edit(checkout / CONFIG, "device: cpu", "device: cpu # a comment")
    for path in sorted(
        checkout.rglob("*"), reverse=True
    ):  # what goes in is newer than what came out
        if ".snakemake" not in path.parts:
            os.utime(path)
    assert stale(checkout, *options(), snakefile=checkout / "Snakefile") == set()


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        row("beam search", "translation/beam.py", TRANSLATIONS),
        row("tokenizer's marks", "corpus/markers.py", TOKENS),
        row(
            "tables and pages",
            "report/sheet.py",
            {"audit_leaks", "describe_corpus", "tabulate_coverage", "tabulate_samples", *TABLES},
        ),
        row("training", "translation/training.py", TRAINING | {"find_learning_rate"}, dear=True),
        row("scores", "translation/scores.py", SCORES, dear=True),
        row("fall-backs", "vectors/fallbacks.py", EMBEDDINGS, dear=True),
        row("downloads", "sources/http.py", {"fetch_resource"} | QUESTIONS, dear=True),
        row("log", "log.py", set(), dear=True),
    ],
)
def test_an_edited_module_makes_exactly_these_rules_stale(
    checkout: Path, stale: Stale, module: str, expected: set[str]
):
    path = checkout / PACKAGE / module
    path.write_text(f"{path.read_text(encoding='utf-8')}\nEDITED = True\n", encoding="utf-8")
    assert stale(checkout, *options(), snakefile=checkout / "Snakefile") - COLLECTING == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        row(
            "other order and a default",
            "beam: 2\n  max_steps: 12",
            "max_steps: 12\n  block_ngrams: 0\n  beam: 2",
            set(),
        ),
        row("beam", "beam: 2", "beam: 3", TRANSLATIONS | {"record_usage"}),
        row(
            "mirror",
            "    places:\n",
            "    places:\n      - url: http://127.0.0.1:9/mini\n",
            set(),  # the checksum says which bytes are meant
            dear=True,
        ),
        row("vectors", "dim: 11", "dim: 12", EMBEDDINGS | {"train_vectors"}, dear=True),
        row(
            "pattern",
            "device: cpu",
            "device: cpu\nquestions: {en_pattern: null}",
            QUESTIONS,
            dear=True,
        ),
        row("split", "device: cpu", "device: cpu\nsplit: {seed: 43}", SPLIT, dear=True),
        row(
            "lengths",
            "device: cpu",
            "device: cpu\nlengths: {fr_percentile: 90}",
            NUMBERS,
            dear=True,
        ),
        row(
            "samples",
            "count: 3",
            "count: 4",
            {"tabulate_samples"} | PAGE,
            dear=True,
        ),
        row(
            "published figures",
            "device: cpu",
            "device: cpu\nscores: {published: true}",
            set(TABLES),
            dear=True,
        ),
        row("no range test", "variants: [all]", "variants: []", PAGE, dear=True),
    ],
)
def test_a_changed_key_makes_exactly_these_rules_stale(
    finished: Path,
    stale: Stale,
    changed: Callable[..., list[str | Path]],
    old: str,
    new: str,
    expected: set[str],
):
    given = changed((old, new))
    assert stale(finished, *given, snakefile=finished / "Snakefile") - COLLECTING == expected


# Python imports it when it starts, here before Snakemake asks for the versions of libraries.
NEWER = """
from importlib import metadata

version = metadata.version
metadata.version = lambda name: "99.0" if name == {name!r} else version(name)
"""


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        row("torch", "torch", TRAINING | {"find_learning_rate"}),
        row("spacy", "spacy", TOKENS, dear=True),
        row("nothing that is imported", "pytest", set(), dear=True),
    ],
)
def test_an_upgraded_library_makes_what_imports_it_stale(
    finished: Path, tmp_path: Path, stale: Stale, distribution: str, expected: set[str]
):
    (tmp_path / "sitecustomize.py").write_text(NEWER.format(name=distribution), encoding="utf-8")
    path = os.pathsep.join(map(str, (tmp_path, finished / "workflow/scripts")))
    found = stale(finished, *options(), snakefile=finished / "Snakefile", env={"PYTHONPATH": path})
    assert found - COLLECTING == expected


TRAINED = {"train_translator": 2, "translate_questions": 2, "score_translations": 2} | TABLES
OF_VARIANTS = {"plot_schedule": 1, "tabulate_samples": 1}


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        row(
            "training key of one variant",
            [("      epochs: 1\n    training:\n      epochs: 2", "    training:\n      epochs: 3")],
            TRAINED | OF_VARIANTS | {"plot_attention": 1, "find_learning_rate": 1},
        ),
        row("another seed", [("seeds: [1, 2]", "seeds: [1, 2, 3]")], TRAINED),
        row(
            "another variant",
            [("variants: [baseline, all]", "variants: [baseline, all, bidirectional]")],
            TRAINED | OF_VARIANTS,
            dear=True,
        ),
        row(
            "another name",
            [
                ("variants: [baseline, all]", "variants: [baseline, both]"),
                ("  all:\n", "  both:\n"),
                ("variants: [all]", "variants: [both]"),
            ],
            TRAINED | OF_VARIANTS | {"plot_attention": 1, "find_learning_rate": 1},
            dear=True,
        ),
        row("one seed less", [("seeds: [1, 2]", "seeds: [1]")], TABLES, dear=True),
    ],
)
def test_a_variant_or_seed_has_exactly_these_jobs(
    finished: Path,
    jobs: Jobs,
    changed: Callable[..., list[str | Path]],
    edits: list[tuple[str, str]],
    expected: dict[str, int],
):
    found = jobs(finished, *changed(*edits), snakefile=finished / "Snakefile")
    assert {rule: count for rule, count in found.items() if rule not in COLLECTING} == expected


def test_a_rewritten_text_step_that_gives_the_same_bytes_spares_all_below_in_the_next_run(
    checkout: Path, workflow: Workflow, stale: Stale
):
    edit(
        checkout / PACKAGE / "corpus/splits.py",
        "[TRAIN] * len(english)",
        "[TRAIN for _ in english]",
    )
    snakefile = checkout / "Snakefile"
    workflow(checkout, "text", *options(checkout / CONFIG), snakefile=snakefile)
    assert stale(checkout, *options(), snakefile=snakefile) == set()


# ---- Records and reasons -------------------------------------------------------------------------


def why(checkout: Path, *arguments: str | Path) -> dict[str, Any]:
    """Return what ``wordbridge why --json ARGUMENTS`` says in a checkout."""
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "from wordbridge.cli import app; app()",
            "why",
            "--json",
            *arguments,
        ],
        env=os.environ | {"PYTHONPATH": str(checkout / "workflow/scripts")},
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return dict(json.loads(told.stdout))


def test_every_file_is_as_its_job_recorded_and_is_traced_to_what_was_fetched(finished: Path):
    (line,), right = verified(finished / RESULTS, None, as_json=False)
    assert right, line
    made = [path for path in (finished / RESULTS).rglob("*") if path.is_file()]
    made = [path for path in made if path.relative_to(finished).parts[2] not in UNRECORDED]
    assert f": {len(made)} files of " in line
    text, intact = traced(finished / RESULTS / "tables/scores.tsv", as_json=True)
    jobs = json.loads(text[0])["jobs"]
    assert intact
    assert {job["rule"] for job in jobs[:2]} == {"fetch_resource"}
    assert jobs[-1]["rule"] == "tabulate_scores"


EDIT_OF_EVERYTHING = (
    ("      epochs: 1\n    training:\n      epochs: 2", "    training:\n      epochs: 3"),
    ("seeds: [1, 2]", "seeds: [1, 2, 3]"),
)


@pytest.mark.parametrize(
    ("edits", "module", "deleted", "causes"),
    [
        row(
            "keys, a seed, a module and a file",
            EDIT_OF_EVERYTHING,
            "report/sheet.py",
            "tables/leaks.html",
            {"code", "deleted", "new", "parameter"},
        ),
        row("nothing", (), None, None, set(), dear=True),
        row("an early module", (), "corpus/splits.py", None, {"code"}, dear=True),
        row("one seed less", [("seeds: [1, 2]", "seeds: [1]")], None, None, {"inputs"}, dear=True),
    ],
)
def test_why_names_the_causes_of_exactly_the_jobs_that_snakemake_would_run(
    checkout: Path,
    jobs: Jobs,
    edits: list[tuple[str, str]],
    module: str | None,
    deleted: str | None,
    causes: set[str],
):
    for old, new in edits:
        edit(checkout / CONFIG, old, new)
    if module:
        with (checkout / PACKAGE / module).open("a") as file:
            file.write("\nADDED = 1\n")
    if deleted:
        (checkout / RESULTS / deleted).unlink()
    told = why(checkout, *options())
    planned = jobs(checkout, *options(), snakefile=checkout / "Snakefile")
    planned = {rule: count for rule, count in planned.items() if rule not in COLLECTING}
    assert Counter(job["rule"] for job in told["jobs"].values()) == planned
    assert {cause[0] for group in told["groups"] for cause in group["causes"]} == causes
    explained = {name for group in told["groups"] for name in group["hit"] + group["follow"]}
    assert explained == set(told["jobs"])
    if module:
        assert f"wordbridge/{module}" in json.dumps(told["groups"])
    assert told["untimed"] == []


# ---- Errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        row(
            "unknown key",
            [("  max_steps:", "  max_step:")],
            "(did you mean max_steps?); mend or remove it",
        ),
        row(
            "no regular expression",
            [("device: cpu", "device: cpu\nquestions: {en_pattern: 'Wh(at'}")],
            "questions.en_pattern: expected text or null that is a valid regex, got",
        ),
        row(
            "no such file",
            [("questions.fr.txt", "questions.txt")],
            "error: resource mini_fr: none of 2 places gave it:",
        ),
        row(
            "files of different lengths",
            [("mini/questions.fr.txt\n    sha256: 0c", "mini/config.yaml\n    citation: 0c")],
            "error: expected line-aligned texts, got ",
        ),
    ],
)
def test_an_error_is_one_line_among_the_last_ones(
    tmp_path: Path, workflow: Workflow, edits: list[tuple[str, str]], message: str
):
    shutil.copytree(ROOT / "tests/mini", tmp_path / "tests/mini")
    for old, new in edits:
        edit(tmp_path / CONFIG, old, new)
    target = f"{RESULTS}/questions/pairs.tsv"
    shown = workflow(tmp_path, target, *options(tmp_path / CONFIG), ok=False).stdout
    lines = shown.splitlines()
    found = [number for number, line in enumerate(lines) if message in line]
    assert len(found) == 1, shown
    assert len(lines) - found[0] < 20, shown
    assert "Traceback" not in shown


# ---- Killed runs: a handful; tests/interruption has the rest -------------------------------------


def without_one_training(finished: Path, target: Path) -> Path:
    """Return a copy of a finished tree in which one translator is to be trained."""
    tree = shutil.copytree(finished, target)
    shutil.rmtree(tree / TRANSLATOR)
    return tree


def test_a_training_killed_in_every_way_goes_on_and_ends_with_the_same_bytes(
    finished: Path, tmp_path: Path
):
    tree = without_one_training(finished, tmp_path / "tree")
    faults = [
        {"step": 5, "signal": signal.SIGTERM},
        {"save": 1, "where": "half"},  # its last state is half written
        {"step": 3, "to": "snakemake", "signal": signal.SIGKILL},
    ]
    prepare_faults(tree, {"train_translator": faults})
    target = f"{TRANSLATOR}/model.safetensors"
    with Watcher(tree, artefacts(finished)) as watcher:
        first = Snakemake(tree, target, "--retries", "3", cores=1).end()
        second = Snakemake(tree, target, cores=1).end()  # at once: the training may still save
    assert (first[0], second[0]) == (-signal.SIGKILL, 0), first[1] + second[1]
    assert "error: training was stopped by SIGTERM in epoch 1, its state is saved" in first[1]
    assert "The locks of a Snakemake that was killed are removed." in second[1]
    assert watcher.wrong == set()
    steps, repeated = check_nothing_repeated_but_the_last_interval(tree, seconds=300)
    assert steps == 5 + 2 * repeated  # all but the five before the first state came twice
    check_same(tree, finished)


def test_after_ctrl_c_nothing_is_repeated_and_after_sigterm_snakemake_finishes_its_jobs(
    finished: Path, tmp_path: Path
):
    tree = without_one_training(finished, tmp_path / "tree")
    faults = [
        {"step": 4, "to": "group", "signal": signal.SIGINT},
        {"step": 2, "to": "snakemake", "signal": signal.SIGTERM},
    ]
    prepare_faults(tree, {"train_translator": faults})
    target = f"{TRANSLATOR}/model.safetensors"
    first, second = (Snakemake(tree, target, cores=1).end() for _ in faults)
    assert first[0] != 0
    assert "error: training was stopped by SIGINT in epoch 1, its state is saved" in first[1]
    assert "Will exit after finishing currently running jobs" in second[1]
    assert "1 of 1 steps (100%) done" in second[1]
    assert check_nothing_repeated_but_the_last_interval(tree, seconds=300)[1] == 0
    check_same(tree, finished)
