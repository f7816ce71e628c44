"""What the mini experiment (tests/mini) has made, and that it makes it anywhere and again."""

import csv
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

from tests import warm
from tests.mini_tree import CONFIG, RESULTS, ROOT, artefacts, copy_of_checkout, edit, options
from wordbridge.manifest import compare, verify

Workflow = Callable[..., subprocess.CompletedProcess[str]]
Jobs = Callable[..., dict[str, int]]

# Every address is behind a proxy that does not exist.
NO_NETWORK = {f"{name}_proxy": "http://127.0.0.1:9" for name in ("http", "https", "all")}


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_a_finished_tree_has_no_job_to_run(finished: Path, jobs: Jobs):
    assert jobs(finished, *options(), snakefile=finished / "Snakefile") == {}


def test_a_finished_training_keeps_no_state(finished: Path):
    assert [path for path in finished.glob("resources/state/**/*") if path.is_file()] == []


def test_the_page_links_every_table_and_figure_and_only_what_exists(finished: Path):
    root = finished / RESULTS
    page = (root / "index.html").read_text(encoding="utf-8")
    links = {unquote(link) for link in re.findall(r'(?:href|src)="([^"#]+)"', page)}
    assert {link for link in links if not (root / link).exists()} == set()
    shown = {(root / link).resolve() for link in links}
    products = [root / "timings/times.html", *root.glob("tables/*"), *root.glob("figures/**/*.png")]
    assert {path for path in products if path.resolve() not in shown} == set()


def test_every_table_has_rows_and_three_forms(finished: Path):
    tables = sorted((finished / RESULTS / "tables").glob("*.tsv"))
    assert [path.stem for path in tables] == [
        *("adequacy", "attention", "corpus", "corpus_pairs", "coverage", "exposure_bias"),
        *("leaks", "lengths", "rarest_words", "samples", "scorecard", "scores", "training"),
        "vectors",
    ]
    for table in tables:
        rows = read_rows(table)
        # Baseline and all are no pair of a claim.
        assert bool(rows) == (table.stem != "scorecard")
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


@pytest.fixture
def other_hashes(shared: Path) -> str:
    """Return the address of a server of processes with another PYTHONHASHSEED."""
    address = str(shared / "other.socket")
    warm.start(address, os.getpid(), hash_seed="7")
    return address


def test_without_network_the_store_is_enough_and_every_byte_is_the_same(
    finished: Path, tmp_path: Path, workflow: Workflow, other_hashes: str
):
    other = copy_of_checkout(tmp_path / "a_longer_name" / "other")
    shutil.copytree(finished / "resources/store", other / "resources/store")
    for text in (other / "tests/mini").glob("*.txt"):
        text.unlink()  # the only location in the configuration
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("bash", "sh", "which"):  # what Snakemake needs; neither pip nor npm
        (programs / name).symlink_to(shutil.which(name) or name)
    target = f"{RESULTS}/translators/baseline/1/model.safetensors"
    workflow(
        *(other, target, *options(other / CONFIG)),
        snakefile=other / "Snakefile",
        env=NO_NETWORK | {"PATH": str(programs)},
        server=other_hashes,
    )
    values = compare(other / RESULTS, finished / RESULTS).values
    assert values["files"] == len(artefacts(other)) > 10
    assert (values["jobs"], values["only_here"]) == ([], [])


@pytest.mark.long
@pytest.mark.parametrize(("cores", "tokens"), [(1, 1), (3, 2)])
def test_a_second_clone_with_other_numbers_of_cores_and_processes_gives_every_byte_again(
    finished: Path, tmp_path: Path, workflow: Workflow, cores: int, tokens: int
):
    other = copy_of_checkout(tmp_path / "a_longer_name" / "other")
    edit(other / CONFIG, "tokens: 1", f"tokens: {tokens}")
    workflow(
        *(other, *options(other / CONFIG), "--cores", str(cores)),
        snakefile=other / "Snakefile",
        env={"PYTHONHASHSEED": "7"},
    )
    (report,) = verify(other / RESULTS, finished / "results")
    assert report.ok, report.lines
    assert report.values["files"] == len(artefacts(finished))


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
    edit(config, "  mini_fr:\n", "  verses:\n    locations: [local: verses.db]\n  mini_fr:\n")
    kind = "kind: verses\n    verses: verses\n    fr_versions: [l]\n    en_versions: [k]\n"
    edit(config, "kind: lines\n    fr: mini_fr\n    en: mini_en\n", kind)
    workflow(tmp_path, f"{RESULTS}/questions/pairs.tsv", *options(config))
    pairs = [tuple(row.values()) for row in read_rows(tmp_path / RESULTS / "questions/pairs.tsv")]
    texts = ("Où est ton frère ?", "Where is thy brother?")
    assert pairs == [("40:5:13/1.1", "40:5:13", *texts, "l", "k")]
