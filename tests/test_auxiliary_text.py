"""Auxiliary text in a run of the workflow on a tiny Bible: none of it is in another split."""

import csv
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml

from wordbridge.corpus.ids import read_ids
from wordbridge.corpus.pairs import read_tokenized
from wordbridge.corpus.vocabulary import read_vocabulary

Workflow = Callable[..., CompletedProcess[str]]

ROOT = Path(__file__).resolve().parents[1]
RESULTS = "results/tiny"
TARGETS = [f"{RESULTS}/{name}" for name in ("ids/en.npz", "tables/leaks.tsv", "tables/corpus.tsv")]
THINGS = [
    ("le pain", "the bread"), ("la pierre", "the stone"), ("le bateau", "the boat"),
    ("la main", "the hand"), ("le fils", "the son"), ("la lampe", "the lamp"),
]  # fmt: skip
CONFIG = {
    "pathvars": {"results": RESULTS, "logs": "logs/tiny"},
    "resources": {"tiny": {"locations": [{"local": "tiny.db"}]}},
    "corpora": {
        "tiny": {"kind": "verses", "verses": "tiny", "fr_versions": ["f"], "en_versions": ["e"]}
    },
    "corpus": "tiny",
    "split": {"valid": 0.2, "test": 0.2},
    "auxiliary": {"use": True, "max_en_words": 6},
}


def verses() -> list[tuple[str, int, int, int, str]]:
    """Return rows of verses with a question and a statement."""
    rows = []
    for number, (fr, en) in enumerate(THINGS * 5, start=1):
        names = f"Où est {fr} de {number} ? Voici {number} fois {fr}."
        rows.append(("f", 1, 1, number, names))
        rows.append(("e", 1, 1, number, f"Where is {en} of {number}? See {number} times {en}."))
    # The French text of another verse: rejected unless that verse is in the train split.
    rows += [("f", 2, 2, number, rows[2 * number - 2][4]) for number in range(1, 31)]
    rows += [("e", 2, 2, number, "Nobody knows.") for number in range(1, 31)]
    return rows


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, workflow: Workflow) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    connection = sqlite3.connect(folder / "tiny.db")
    connection.execute(
        "create table bible (bbName text, bNumber integer, cNumber integer, vNumber integer, "
        "vText text)"
    )
    connection.executemany("insert into bible values (?, ?, ?, ?, ?)", verses())
    connection.commit()
    connection.close()
    (folder / "tiny.yaml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    files = ("--configfile", ROOT / "config.yaml", folder / "tiny.yaml")
    workflow(folder, *files, "--", *TARGETS)
    return folder


@pytest.mark.long
def test_auxiliary_text_follows_the_questions_as_token_ids(finished: Path):
    pairs = read_tokenized(finished / RESULTS / "auxiliary/pairs.tsv")
    splits = Counter(pair.split for pair in pairs)
    assert set(splits) == {"train", "valid", "test", "auxiliary"}
    split = read_tokenized(finished / RESULTS / "split/pairs.tsv")
    assert pairs[: len(split)] == split
    ids = read_ids(finished / RESULTS / "ids/en.npz")
    assert {split: len(ids.rows(split)) for split in splits} == dict(splits)
    words = read_vocabulary(finished / RESULTS / "vocabulary/en.tsv").words
    assert "times" in words  # occurs in auxiliary text alone


@pytest.mark.long
def test_auxiliary_text_has_no_verse_and_no_text_of_the_other_splits(finished: Path):
    with (finished / RESULTS / "tables/leaks.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert ("test", "auxiliary") in [(row["split"], row["other"]) for row in rows]
    kinds = ("exact", "normalised", "english_only", "french_only", "group")
    assert all(row[kind] == "0" for row in rows for kind in kinds)
    pairs = read_tokenized(finished / RESULTS / "auxiliary/pairs.tsv")
    held_out = [pair.fr.rstrip(" ?") for pair in pairs if pair.split in ("valid", "test")]
    auxiliary = [pair.fr for pair in pairs if pair.split == "auxiliary"]
    assert not [text for text in auxiliary if any(question in text for question in held_out)]


@pytest.mark.long
def test_the_corpus_table_counts_auxiliary_text(finished: Path):
    with (finished / RESULTS / "tables/corpus.tsv").open(encoding="utf-8", newline="") as file:
        rows = {
            (row["language"], row["split"]): row for row in csv.DictReader(file, delimiter="\t")
        }
    pairs = read_tokenized(finished / RESULTS / "auxiliary/pairs.tsv")
    assert int(rows["en", "auxiliary"]["pairs"]) == sum(pair.split == "auxiliary" for pair in pairs)


def test_a_corpus_of_lines_has_no_auxiliary_split(tmp_path: Path, workflow: Workflow):
    (tmp_path / "on.yaml").write_text("auxiliary: {use: true}\n", encoding="utf-8")
    files = (
        "--configfile",
        ROOT / "config.yaml",
        ROOT / "configs/files.yaml",
        tmp_path / "on.yaml",
    )
    run = workflow(tmp_path, "--dry-run", *files, ok=False)
    expected = "auxiliary.use: expected false for the corpus my_lines, which is of kind lines"
    assert expected in run.stdout
