"""What Snakemake runs again in a finished tree, the mini experiment's: exactly the stale steps."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mini_tree import COLLECTING, CONFIG, edit, options

Workflow = Callable[..., subprocess.CompletedProcess[str]]
Jobs = Callable[..., dict[str, int]]
Stale = Callable[..., set[str]]

PACKAGE = "workflow/scripts/wordbridge"

# Each set is a rule and what Snakemake runs below it in one invocation.
PAGE = {"build_page"}
SCORES = {"score_translations", "tabulate_scores", "tabulate_scorecard", "build_explorer"} | PAGE
SCORES |= {"tabulate_difficulty", "tabulate_adequacy"}
TRANSLATIONS = {"translate_questions", "tabulate_samples", "tabulate_times", "plot_attention"}
TRANSLATIONS |= SCORES
ATTENTION = {"measure_attention", "tabulate_attention"}
TRAINING = {"train_translator", "tabulate_training"} | ATTENTION | TRANSLATIONS
EMBEDDINGS = {
    "build_embeddings",
    "describe_vectors",
    "find_learning_rate",
    "plot_range_test",
} | TRAINING
NUMBERS = {"numericalize", "tabulate_training", "find_learning_rate", "plot_range_test"} | TRAINING
VOCABULARY = {"build_vocab", "describe_vectors"} | NUMBERS | EMBEDDINGS
SPLIT = {"split_pairs", "describe_corpus", "train_vectors"} | VOCABULARY
TOKENS = {"tokenize_questions"} | SPLIT
# What one variant's jobs run into.
TABLES = {"tabulate_scores": 1, "tabulate_scorecard": 1, "tabulate_difficulty": 1}
TABLES |= {"tabulate_adequacy": 1}
TABLES |= {"tabulate_times": 1, "tabulate_training": 1, "build_page": 1}


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
    for module in ("errors.py", "corpus/tokenizer.py", "translation/training.py"):
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
    lock = checkout / ".snakemake/locks/0.output.lock"  # of a Snakemake that was killed
    lock.parent.mkdir(exist_ok=True)
    lock.write_text("results/mini/index.html\n")
    assert stale(checkout, *options(), snakefile=checkout / "Snakefile") == set()
    assert lock.exists()  # to look is not to touch


def test_an_edited_module_makes_what_imports_it_and_what_follows_stale(
    checkout: Path, stale: Stale
):
    with (checkout / PACKAGE / "corpus/tokenizer.py").open("a", encoding="utf-8") as module:
        module.write("\nEDITED = True\n")
    assert stale(checkout, *options(), snakefile=checkout / "Snakefile") - COLLECTING == TOKENS


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ("max_steps: 12\n  no_repeat_ngram_size: 0\n  beam: 2", set()),
        ("beam: 3\n  max_steps: 12", TRANSLATIONS | {"record_config"}),
    ],
    ids=["other order and a default", "beam"],
)
def test_a_changed_key_makes_what_reads_it_and_what_follows_stale(
    finished: Path,
    stale: Stale,
    changed: Callable[..., list[str | Path]],
    new: str,
    expected: set[str],
):
    given = changed(("beam: 2\n  max_steps: 12", new))
    assert stale(finished, *given, snakefile=finished / "Snakefile") - COLLECTING == expected


# Snakemake, with another version of torch.
NEWER = """
import os
from importlib import metadata

from snakemake.cli import main

version, listdir = metadata.version, os.listdir
metadata.version = lambda name: "99.0" if name == "torch" else version(name)
folder = f"torch-{version('torch')}.dist-info"
os.listdir = lambda *path: [
    "torch-99.0.dist-info" if entry == folder else entry for entry in listdir(*path)
]
main()
"""


def test_an_upgraded_library_makes_what_imports_it_stale(finished: Path, stale: Stale):
    program = ("-c", NEWER)
    rules = stale(finished, *options(), snakefile=finished / "Snakefile", program=program)
    assert rules - COLLECTING == TRAINING | {"find_learning_rate", "plot_range_test"}


TRAINED = {"train_translator": 2, "translate_questions": 2, "score_translations": 2} | TABLES
OF_VARIANTS = {"tabulate_samples": 1, "build_explorer": 1}
OF_ATTENTION = {"measure_attention": 2, "tabulate_attention": 1}
OF_RUNS = {"record_config": 1}  # the models that the command line may choose among


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        (
            [("      epochs: 1\n    training:\n      epochs: 2", "    training:\n      epochs: 3")],
            TRAINED
            | OF_VARIANTS
            | OF_ATTENTION
            | {"plot_attention": 1, "find_learning_rate": 1, "plot_range_test": 1},
        ),
        (
            [("seeds: [1, 2]", "seeds: [1, 2, 3]")],
            TRAINED | OF_RUNS | {"measure_attention": 1, "tabulate_attention": 1},
        ),
    ],
    ids=["training key of one variant", "another seed"],
)
def test_a_variant_or_seed_has_exactly_these_jobs(
    finished: Path,
    jobs: Jobs,
    changed: Callable[..., list[str | Path]],
    edits: list[tuple[str, str]],
    expected: dict[str, int],
):
    rules = jobs(finished, *changed(*edits), snakefile=finished / "Snakefile")
    assert {rule: count for rule, count in rules.items() if rule not in COLLECTING} == expected


def test_a_rewritten_text_step_with_the_same_bytes_spares_the_later_jobs_of_the_next_run(
    checkout: Path, workflow: Workflow, stale: Stale
):
    edit(
        checkout / PACKAGE / "corpus/splits.py",
        "[TRAIN] * len(english)",
        "[TRAIN for _ in english]",
    )
    snakefile = checkout / "Snakefile"
    workflow(checkout, "text", *options(checkout / CONFIG), snakefile=snakefile)
    # The tables of the vectors import the edited module and belong to another target.
    later = stale(checkout, *options(), snakefile=snakefile) - COLLECTING
    assert later == {"describe_vectors"} | PAGE
