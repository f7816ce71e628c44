"""The whole image side, run once on a handful of made-up images: results and staleness."""

import json
import shutil
import subprocess
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from typer.testing import CliRunner

from tests.image_tree import (
    CLASSES,
    CONFIG,
    DIM,
    IMAGED,
    METHODS,
    PER_NOUN,
    RESULTS,
    SHARDS,
    TREE,
    config,
    data_noun,
    draw,
    options,
    write_sources,
)
from tests.mini_tree import ROOT, artefacts
from wordbridge.cli import app
from wordbridge.images.table import shard_of
from wordbridge.manifest import compare

Workflow = Callable[..., subprocess.CompletedProcess[str]]
Jobs = Callable[..., dict[str, int]]

EXAMPLES = ["images_to_classes", "images_to_images", "images_to_nouns", "words_to_images"]


@pytest.fixture(scope="module")
def finished(finished_images: Path) -> Path:
    return finished_images


def read_rows(path: Path) -> list[dict[str, str]]:
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    return [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]


def test_a_finished_folder_of_images_has_no_job_to_run(finished: Path, jobs: Jobs):
    assert jobs(finished, "images", *options(finished)) == {}


@pytest.mark.long
def test_a_second_folder_with_more_cores_and_threads_gives_every_byte_again(
    finished: Path, tmp_path: Path, workflow: Workflow
):
    folder = tmp_path / "a_longer_name" / "other"
    folder.mkdir(parents=True)
    write_sources(folder)
    settings = yaml.safe_dump(config() | {"threads": {"features": 2}})
    (folder / CONFIG).write_text(settings, encoding="utf-8")
    more = ("--cores", "3")
    workflow(folder, "images", *options(folder), *more, env={"PYTHONHASHSEED": "7"})
    report = compare(folder / RESULTS, finished / RESULTS)
    assert report.ok, report.lines
    assert report.values["files"] == len(artefacts(finished, RESULTS)) > 0


def test_without_image_sets_there_is_nothing_to_make(tmp_path: Path, jobs: Jobs):
    files = (ROOT / "config.yaml", ROOT / "tests/mini/config.yaml")
    assert jobs(tmp_path, "images", "--configfile", *files) == {"images": 1}


def test_every_table_has_rows_and_a_page(finished: Path):
    tables = sorted((finished / RESULTS / "tables").glob("*.tsv"))
    assert [table.stem for table in tables] == [
        *("devise", "devise_nouns", "devise_words"),
        *("images", "label_errors", "nouns"),
        *(f"search_{name}" for name in EXAMPLES),
    ]
    for table in [*tables, finished / RESULTS / "timings/search.tsv"]:
        assert read_rows(table)
        assert "<table" in table.with_suffix(".html").read_text(encoding="utf-8")


def test_all_methods_are_scored_on_seen_and_unseen_nouns(finished: Path):
    rows = read_rows(finished / RESULTS / "tables/devise.tsv")
    assert list(dict.fromkeys(row["method"] for row in rows)) == list(METHODS)
    assert {"seen", "unseen", "classes"} <= {row["candidates"] for row in rows}


def test_no_image_of_the_val_folders_is_in_the_train_split(finished: Path):
    rows = read_rows(finished / RESULTS / "images/split.tsv")
    splits = {(row["image"].split("/")[0], row["split"]) for row in rows}
    assert splits == {*product(("train", "val"), ("unseen",)), ("train", "train"), ("val", "valid")}


def test_indexes_hold_all_classes_nouns_and_images(finished: Path):
    sizes = {"classes": len(CLASSES), "nouns": len(TREE), "images": PER_NOUN * len(IMAGED)}
    for name, size in sizes.items():
        folder = finished / RESULTS / "search" / name
        assert np.load(folder / "vectors.npy").shape[1] == DIM
        assert len(np.load(folder / "rows.npy")) == size
        assert len(read_rows(folder / "labels.tsv")) == size
        assert json.loads((folder / "index.json").read_text())["rows"] == size


def test_contact_sheets_show_the_hits(finished: Path):
    sheets = sorted((finished / RESULTS / "figures").glob("search_*.png"))
    assert [path.stem for path in sheets] == [f"search_{name}" for name in EXAMPLES]
    with Image.open(finished / RESULTS / "figures/search_words_to_images.png") as sheet:
        assert len(sheet.convert("RGB").getcolors(maxcolors=2**24)) > 100


def search_copy(folder: Path, target: Path) -> list[str]:
    """Return the columns of what is nearest to one of the images, given as a copy in ``target``."""
    image = sorted((folder / "images/val").rglob("*.png"))[2]
    copied = shutil.copy(image, target / "copy.png")
    arguments = ["search", "--image", copied, "--results", folder / RESULTS, "--top", "1"]
    shown = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False).stdout
    return [*shown.rstrip("\n").split("\t"), image.relative_to(folder).as_posix()]


def test_a_copy_of_an_image_finds_that_image(finished: Path, tmp_path: Path):
    score, label, _, place, query = search_copy(finished, tmp_path)
    assert (float(score), place) == (pytest.approx(1), query)
    assert label == Path(query).stem.partition("_")[0]


@pytest.mark.long
def test_a_new_image_makes_only_its_shard_stale(
    finished: Path, tmp_path: Path, workflow: Workflow, jobs: Jobs
):
    folder = shutil.copytree(finished, tmp_path / "copy")
    name = f"train/{data_noun()[1]['cat']}/late.png"
    changed = shard_of(name, SHARDS)
    draw(folder / "images" / name, 99)
    features = [f"{RESULTS}/features/toy/{shard}.npy" for shard in range(SHARDS)]
    workflow(folder, "shards", *options(folder))  # a run of its own, as in the Makefile
    assert jobs(folder, "images", *options(folder))["extract_features"] == 1
    workflow(folder, *features, *options(folder))
    before, after = ([np.load(at / path) for path in features] for at in (finished, folder))
    for shard in range(SHARDS):
        assert len(after[shard]) == len(before[shard]) + (shard == changed)
    assert np.array_equal(after[1 - changed], before[1 - changed])


@pytest.mark.long
@pytest.mark.parametrize("change", ["replaced", "removed"])
def test_an_image_that_changes_or_goes_makes_only_its_shard_stale(
    finished: Path, tmp_path: Path, workflow: Workflow, jobs: Jobs, change: str
):
    folder = shutil.copytree(finished, tmp_path / "copy")
    image = sorted((folder / "images/train").rglob("*.png"))[3]
    if change == "replaced":
        draw(image, 99)
    else:
        image.unlink()
    workflow(folder, "shards", *options(folder))
    assert jobs(folder, "images", *options(folder))["extract_features"] == 1


@pytest.mark.long
def test_an_album_without_labels_is_searched_and_trains_nothing(
    finished: Path, tmp_path: Path, workflow: Workflow, jobs: Jobs
):
    folder = shutil.copytree(finished, tmp_path / "copy")
    draw(folder / "album/été 2018/à la plage.png", 200)
    (folder / "album/broken.jpg").write_bytes(b"no image")
    settings = config()
    settings["image_sets"]["album"] = {"kind": "folder", "folder": "album"}
    settings["run"]["unlabelled_sets"] = ["album"]
    (folder / "toy.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    todo = jobs(folder, "images", *options(folder))
    assert not {"train_head", "fit_baseline", "split_images", "score_devise"} & todo.keys()
    workflow(folder, "images", *options(folder))
    assert jobs(folder, "images", *options(folder)) == {}

    labels = read_rows(folder / RESULTS / "search/images/labels.tsv")
    assert len(labels) == PER_NOUN * len(IMAGED) + 1
    row = read_rows(folder / RESULTS / "tables/images.tsv")[1]
    assert (row["set"], row["found"], row["unreadable"], row["train"]) == ("album", "2", "1", "0")
    # A copy, since an image of the index is no answer to itself.
    copy = shutil.copy(folder / "album/été 2018/à la plage.png", tmp_path / "asked.png")
    query = ["search", "--image", copy, "--top", "1"]
    arguments = [*query, "--results", folder / RESULTS]
    shown = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False).stdout
    assert float(shown.split("\t")[0]) == pytest.approx(1)
    assert shown.rstrip("\n").endswith("album/été 2018/à la plage.png")
