"""Folders of indexes, which say what made them and refuse what does not fit."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from wordbridge.errors import InputError
from wordbridge.search.folder import FILES, read_index, write_index
from wordbridge.search.hnsw import GraphSettings

MADE_BY = {"index": "pictures", "word_vectors": "ab" * 32, "method": "conse", "seed": 3}
LABELS = [{"label": "a\tboat\n", "synset": "n1"}, {"label": "dog", "archive": "x.zip"}]
SETTINGS = GraphSettings(links=5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_index(
        tmp_path / "index", np.array([[3, 4, 0], [0, 0, 2]], np.float32), LABELS, MADE_BY, SETTINGS
    )
    return tmp_path / "index"


def test_an_index_comes_back_with_unit_vectors_labels_and_what_made_it(folder: Path):
    index = read_index(folder, "ab" * 32)

    assert index.vectors == pytest.approx(np.array([[0.6, 0.8, 0], [0, 0, 1]]))
    assert (index.label(0)["label"], index.label(1)["archive"]) == ("a boat", "x.zip")
    assert index.label(1)["path"] == ""
    assert index.description | MADE_BY == index.description
    assert (index.description["rows"], index.description["dim"]) == (2, 3)
    assert index.searcher(exact=True).search(np.array([0, 0, 5]), 1).rows.tolist() == [1]
    assert index.searcher(exact=False).search(np.array([0, 0, 5]), 1).rows.tolist() == [1]


def test_the_same_rows_make_the_same_bytes(folder: Path, tmp_path: Path):
    vectors = np.array([[3, 4, 0], [0, 0, 2]], np.float32)
    write_index(tmp_path / "again", vectors, LABELS, MADE_BY, SETTINGS)

    for name in (*FILES, "index.json"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes(), name


def test_an_index_made_with_other_word_vectors_is_refused(folder: Path):
    with pytest.raises(InputError, match=r"made with the word vectors abab.* are from cdcd"):
        read_index(folder, "cd" * 32)


def replace_vectors(folder: Path) -> None:
    matrix = np.load(folder / "vectors.npy")
    np.save(folder / "vectors.npy", matrix[::-1])


def other_format(folder: Path) -> None:
    text = json.loads((folder / "index.json").read_text(encoding="utf-8")) | {"format": 99}
    (folder / "index.json").write_text(json.dumps(text), encoding="utf-8")


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (replace_vectors, "vectors.npy: expected the file that index.json describes, got another"),
        (lambda f: (f / "hnsw.bin").unlink(), "hnsw.bin: expected .* bytes .*, got no file"),
        (lambda f: (f / "labels.tsv").write_bytes(b"x"), "labels.tsv: expected .*, got 1 bytes"),
        (other_format, "expected an index of format 1, got 99"),
        (
            lambda f: (f / "index.json").write_bytes(b"{"),
            "index.json: expected a description of an index in JSON",
        ),
        (shutil.rmtree, "expected an index, got no file; run snakemake first"),
    ],
)
def test_a_changed_folder_is_refused(folder: Path, harm: Callable[[Path], object], message: str):
    harm(folder)

    with pytest.raises(InputError, match=message):
        read_index(folder)


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="NaN or infinity in row 1"):
        write_index(tmp_path, np.array([[1], [np.nan]], np.float32), LABELS, MADE_BY, SETTINGS)


def test_each_vector_needs_a_label(tmp_path: Path):
    with pytest.raises(InputError, match="expected 3 labels as there are vectors, got 2"):
        write_index(tmp_path, np.ones((3, 1), np.float32), LABELS, MADE_BY, SETTINGS)
