"""Every key of the configuration: which rules a change of it makes stale, and that no other is."""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

import workflow.provenance
from tests.planned import Plan, Planner, unchanging_code
from tests.staleness import (
    SCHEMA,
    assignments,
    base,
    changed,
    key_of,
    keys,
    prepared,
    read_table,
    stale_rows,
    wrong,
)

SEED, SAMPLE = 4, 8
OLD = 1_000_000_000  # seconds; a time before any file of a test


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    with unchanging_code():
        yield


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Planner:
    return prepared(tmp_path_factory.mktemp("planned"))


@pytest.fixture(scope="module")
def plan(planner: Planner) -> Plan:
    return planner.plan(base())


def test_every_key_of_the_schema_has_a_row_and_every_row_a_key():
    named = {
        key_of(path, changed(changed(base(), row.given), row.change))
        for row in read_table()
        for path in assignments(row.change)
    }
    known = set(keys(SCHEMA))
    assert sorted(known - named) == []
    # A row may also give a whole block.
    blocks = {name for name in named - known if any(key.startswith(f"{name}.") for key in known)}
    assert sorted(named - known - blocks) == []


def test_a_changed_key_makes_exactly_the_rules_of_its_row_stale(tmp_path: Path):
    # Check whether a line is intended before you correct the table: it is the promise.
    assert wrong(tmp_path, read_table()) == []


def test_the_rarest_words_are_words_where_models_read_pieces(planner: Planner):
    jobs = planner.plan(changed(base(), "tokens.tokenizer=sentencepiece")).jobs.values()
    (inputs,) = [job.inputs for job in jobs if job.rule == "tabulate_difficulty"]
    assert "results/all/split/pairs.tsv" in inputs
    assert "results/all/subwords/pairs.tsv" not in inputs


def test_a_plan_of_all_jobs_agrees_with_a_plan_of_params_alone(tmp_path: Path):
    rows = random.Random(SEED).sample(read_table(), SAMPLE)
    assert stale_rows(tmp_path, rows, anew=True) == rows


@pytest.mark.long
def test_snakemake_gives_the_same_reasons_in_a_finished_tree(tmp_path: Path):
    """Some minutes: Snakemake plans with the metadata of a tree where every job is done."""
    wrong = []
    for number, given in enumerate(sorted({row.given for row in read_table()})):
        folder = tmp_path / str(number)
        planner, config = prepared(folder), changed(base(), given)
        plan = planner.plan(config)
        planner.pretend(config)
        for row in read_table():
            if row.given == given:
                stale = planner.reasons(changed(config, row.change))
                if stale.words(plan) != row.stale:
                    wrong.append(row._replace(stale=stale.words(plan)))
    assert wrong == []


@pytest.mark.parametrize(
    ("distribution", "stale"),
    [
        (
            "torch",
            "extract_features find_head_learning_rate find_learning_rate fit_baseline fit_ensemble "
            "measure_attention predict_images score_translations train_head train_translator "
            "translate_questions",
        ),
        (
            "spacy",  # a tokenizer, and a reader of vectors
            "align_french build_embeddings build_words describe_vectors embed_nouns "
            "tabulate_french tokenize_questions",
        ),
        (
            "nmslib",
            "align_french build_explorer build_index measure_recall search_examples "
            "tabulate_french",
        ),
        ("pytest", "none"),
    ],
)
def test_another_version_of_a_library_makes_what_imports_it_stale(
    planner: Planner, plan: Plan, distribution: str, stale: str
):
    version = workflow.provenance._version
    newer = {distribution: "99.0"}
    with patch.object(
        workflow.provenance, "_version", lambda name: newer.get(name) or version(name)
    ):
        assert planner.stale(plan, base()).words(plan) == stale


# ---- Files of the user --------------------------------------------------------------------------


def set_to(path: Path, text: str | None) -> None:
    """Let an old file hold ``text``; None deletes it."""
    if text is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (OLD, OLD))


@pytest.fixture(scope="module")
def user_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Planner, Plan]:
    """Return a planner and its plan with the user's files, which tests restore."""
    planner = prepared(tmp_path_factory.mktemp("own"))
    return planner, planner.plan(base())


@pytest.mark.parametrize(
    ("name", "text", "stale"),
    [
        ("own/by_hand.zip", "other bytes", "fetch_resource:1"),
        ("own/by_hand.zip", "", "none"),  # another time alone
        ("own/by_hand.zip", None, "fetch_resource:1"),
        ("own/pinned.db", "other bytes", "none"),  # its checksum determines the bytes
        ("own/pinned.db", None, "none"),
        ("resources/manual/by_url", "by hand", "fetch_resource:1"),
        ("resources/manual/by_hand", "by hand", "fetch_resource:1"),
        ("resources/manual/pinned", "by hand", "none"),
        ("resources/manual/other", "by hand", "none"),  # nothing uses it
        ("images/b.png", "another image", "list_images:2"),  # of a folder and of a table
        ("images/a.png", "", "none"),
        ("images/a.png", None, "list_images:2"),
        ("photographs/deep/b.png", "another image", "list_images:1"),
        ("photographs/deep/notes.txt", "its name is listed", "list_images:1"),
        ("photographs/deep/.b.png", "its name is listed", "list_images:1"),
        ("images/.b.png", "its name is listed", "list_images:1"),  # but not in a table
    ],
)
def test_a_file_of_the_user_counts_by_its_bytes_even_if_its_time_is_old(
    user_files: tuple[Planner, Plan], name: str, text: str | None, stale: str
):
    """None is a file that is gone; what comes and goes again counts for the plans in between."""
    planner, plan = user_files
    path = planner.folder / name
    was = path.read_text(encoding="utf-8") if path.exists() else None
    set_to(path, text)
    assert planner.stale(plan, base()).words(plan) == stale
    set_to(path, was)
    assert planner.stale(plan, base()).words(plan) == "none"


@pytest.mark.parametrize(
    ("name", "stale"),
    [("resources/manual/by_url", "fetch_resource:1"), ("images/b.png", "list_images:2")],
)
def test_a_planned_file_of_the_user_counts_when_it_is_deleted(
    user_files: tuple[Planner, Plan], name: str, stale: str
):
    planner, _ = user_files
    set_to(planner.folder / name, "by hand")
    plan = planner.plan(base())
    set_to(planner.folder / name, None)
    assert planner.stale(plan, base()).words(plan) == stale


def test_an_edit_of_another_file_in_a_folder_of_images_does_not_count(
    user_files: tuple[Planner, Plan],
):
    planner, _ = user_files
    notes = planner.folder / "photographs/notes.txt"
    set_to(notes, "one")
    plan = planner.plan(base())
    set_to(notes, "other")
    assert planner.stale(plan, base()).words(plan) == "none"
    set_to(notes, None)
    assert planner.stale(plan, base()).words(plan) == "list_images:1"


def test_a_file_with_a_file_url_counts_by_its_bytes(tmp_path: Path):
    planner, path = prepared(tmp_path), tmp_path / "with space.npy"
    url = f"file://{tmp_path}/with%20space.npy"
    config = changed(base(), f'resources.by_url.locations=[{{url: "{url}"}}]')
    set_to(path, "first")
    plan = planner.plan(config)
    set_to(path, "other")
    assert planner.stale(plan, config).words(plan) == "fetch_resource:1"
