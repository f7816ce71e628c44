"""Text of a person's own, by way of configs/files.yaml: what an edit of a file does, and a typo."""

import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Workflow = Callable[..., CompletedProcess[str]]
Stale = Callable[..., set[str]]

ROOT = Path(__file__).resolve().parents[1]
PAIRS = "results/mine/questions/pairs.tsv"
FILES = ("--configfile", ROOT / "config.yaml", ROOT / "configs/files.yaml")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, workflow: Workflow) -> Path:
    """Return a folder with two files of text, of which the questions are extracted."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "data").mkdir()
    (folder / "data/mine.fr").write_text("Où est-il ?\nBonjour.\nQui vient ?\n", encoding="utf-8")
    (folder / "data/mine.en").write_text("Where is he?\nHello.\nWho comes?\n", encoding="utf-8")
    workflow(folder, *FILES, "--", PAIRS)
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """Return a copy of that folder, to be edited."""
    return shutil.copytree(finished, tmp_path / "copy")


def test_the_lines_of_two_files_become_pairs(finished: Path):
    assert (finished / PAIRS).read_text(encoding="utf-8").splitlines() == [
        "item\tgroup\tfr\ten\tfr_version\ten_version",
        "1\t1\tOù est-il ?\tWhere is he?\t\t",
        "3\t3\tQui vient ?\tWho comes?\t\t",
    ]


def test_an_edited_file_is_fetched_again_and_an_unchanged_one_is_not(
    folder: Path, stale: Stale, workflow: Workflow
):
    (folder / "data/mine.fr").touch()
    assert stale(folder, *FILES, "--", PAIRS) == set()
    (folder / "data/mine.en").write_text("Where is she?\nHello.\nWho comes?\n", encoding="utf-8")
    workflow(folder, *FILES, "--", PAIRS)
    assert "Where is she?" in (folder / PAIRS).read_text(encoding="utf-8")
