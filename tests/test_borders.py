"""Module borders are staleness borders: which scripts an edit of a module leaves alone."""

import csv
from functools import cache
from pathlib import Path

import pytest

from workflow.provenance import digest

TABLE = Path(__file__).with_name("staleness.tsv")
SCRIPTS = Path(__file__).resolve().parents[1] / "workflow" / "scripts"
DEAR = {"train_translator", "translate_questions", "build_embeddings", "train_vectors"}
HEADS = {"train_head", "find_head_learning_rate", "extract_features"}
TEXT = {"extract_questions", "tokenize_questions", "split_pairs", "build_vocab", "numericalize"}


@cache
def scripts() -> dict[str, set[str]]:
    """Return the modules behind each script."""
    return {path.stem: set(digest(path)) for path in sorted(SCRIPTS.glob("*.py"))}


def stale_after(edited: str) -> set[str]:
    """Return the scripts behind which one of the modules with this beginning is."""
    start = f"wordbridge/{edited}"
    return {s for s, modules in scripts().items() if any(m.startswith(start) for m in modules)}


@pytest.mark.parametrize(
    ("edited", "among", "spared"),
    [
        ("translation/decoding.py", {"translate_questions"}, {"train_translator"} | TEXT),
        ("translation/scores.py", {"score_translations"}, DEAR | TEXT),
        ("translation/training.py", {"train_translator"}, {"build_embeddings"} | TEXT),
        ("translation/", {"train_translator"}, {"build_embeddings", "train_vectors"} | TEXT),
        ("translation/settings.py", {"train_translator"}, HEADS),
        ("corpus/batches.py", {"train_translator"}, HEADS),  # with the auxiliary sampler
        ("devise/baselines.py", {"fit_baseline"}, HEADS | DEAR),  # with ConSE
        ("report/", {"plot_range_test"}, HEADS | {"find_learning_rate", "train_translator"}),
        ("vectors/fallbacks.py", {"build_embeddings"}, {"train_translator"} | TEXT),
        ("corpus/splits.py", {"split_pairs"}, DEAR | {"tokenize_questions"}),
        ("corpus/tokenizer.py", {"tokenize_questions"}, DEAR | {"extract_questions"}),
        ("report/page.py", {"build_page"}, DEAR | TEXT),
        ("report/", {"tabulate_scores"}, {"train_translator", "build_embeddings"}),
        ("sources/", {"fetch_resource"}, DEAR | TEXT),
    ],
)
def test_an_edit_reruns_what_uses_it_and_spares_the_rest(
    edited: str, among: set[str], spared: set[str]
):
    stale = stale_after(edited)
    assert among <= stale
    assert stale & spared == set()


def rules_by_module() -> dict[str, str]:
    """Return the rules that an edit of each module makes stale by itself, as the table has them."""
    stale: dict[str, str] = {}
    for path in sorted(SCRIPTS.glob("wordbridge/**/*.py")):
        module = path.relative_to(SCRIPTS).as_posix()
        rules = sorted(script for script, modules in scripts().items() if module in modules)
        words = "every rule" if len(rules) == len(scripts()) else " ".join(rules) or "none"
        stale[module.removeprefix("wordbridge/")] = words
    return {name: words for name, words in stale.items() if not name.endswith("__init__.py")}


def test_the_table_has_the_rules_that_an_edit_of_each_module_makes_stale():
    with TABLE.open(encoding="utf-8", newline="") as file:
        table = {row["module"]: row["rules"] for row in csv.DictReader(file, delimiter="\t")}
    rules_now = rules_by_module()
    # Check whether a line is intended before you correct the table: it is the promise.
    wrong = sorted(rules_now.items() ^ table.items())
    assert [f"{name}\t{rules}" for name, rules in wrong] == []


def test_init_files_hold_only_a_docstring():
    # An empty module's hash; anything in these files would make every script stale.
    hashes = {h for s in scripts() for n, h in digest(SCRIPTS / f"{s}.py").items() if "__init" in n}
    assert len(hashes) == 1
