import hashlib
import time
import zipfile

import numpy as np
import pytest

from wordbridge.corpus.ids import TokenIds, pack, read_ids, write_ids
from wordbridge.errors import InputError

LISTS = [[5, 6, 2], [2], [7, 8, 9, 2], []]
SPLITS = ["train", "test", "valid", "train"]


def test_packed_texts_have_rows_and_splits():
    texts = pack(LISTS, SPLITS)
    assert [texts[row].tolist() for row in range(len(texts))] == LISTS
    assert texts.lengths.tolist() == [3, 1, 4, 0]
    assert texts.rows("train").tolist() == [0, 3]
    assert texts.rows("valid").tolist() == [2]


VERSIONS = ["world", "bâsic", "world", "king's"]


def test_versions_are_numbered_in_order_of_appearance():
    texts = pack(LISTS, SPLITS, VERSIONS)
    assert texts.versions == ["world", "bâsic", "king's"]
    assert texts.version.tolist() == [0, 1, 0, 2]


def test_a_corpus_without_versions_has_no_names():
    texts = pack(LISTS, SPLITS)
    assert (texts.versions, len(texts.version)) == ([], 0)


@pytest.mark.parametrize(
    "versions", [VERSIONS, ["k", "", "k", "4"], ["", "k", "k", ""], [], ["k"] * 4]
)
def test_written_versions_round_trip(tmp_path, versions):
    write_ids(pack(LISTS, SPLITS, versions), tmp_path / "en.npz")
    texts = read_ids(tmp_path / "en.npz")
    assert [texts.versions[number] for number in texts.version] == versions
    assert [texts[row].tolist() for row in range(len(texts))] == LISTS


def test_a_row_out_of_range_is_an_error():
    with pytest.raises(IndexError):
        pack(LISTS, SPLITS)[4]


def test_written_texts_round_trip(tmp_path):
    path = tmp_path / "fr.npz"
    write_ids(pack(LISTS, SPLITS), path)
    texts = read_ids(path)
    assert [texts[row].tolist() for row in range(len(texts))] == LISTS
    assert (texts.ids.dtype, texts.offsets.dtype, texts.split.dtype) == (
        np.dtype("int32"),
        np.dtype("int64"),
        np.dtype("int8"),
    )


def test_no_texts_at_all_round_trip(tmp_path):
    write_ids(pack([], []), tmp_path / "fr.npz")
    assert len(read_ids(tmp_path / "fr.npz")) == 0


def test_equal_texts_give_equal_bytes_at_any_time(tmp_path, monkeypatch):
    digests = set()
    for name, now in (("a.npz", 1e9), ("b.npz", 1.7e9)):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        write_ids(pack(LISTS, SPLITS), tmp_path / name)
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ids": np.array([1.5, 2.0])}, "expected one row of int32, got float64"),
        ({"split": np.zeros((2, 2), np.int8)}, "expected one row of int8"),
        ({"split": np.zeros(3, np.int8)}, "names that fit together, got others"),
        ({"split": np.array([0, 9, 0, 0], np.int8)}, "fit together"),
        ({"offsets": np.array([0, 3, 2, 8, 8])}, "fit together"),
        ({"offsets": np.array([0, 3, 4, 8, 9])}, "fit together"),
        ({"ids": np.full(8, -1, np.int32)}, "fit together"),
        ({"version": np.zeros(3, np.int16)}, "fit together"),
        ({"version": np.array([0, 1, 2, 0], np.int16)}, "fit together"),
        ({"version": np.array([0, -1, 1, 0], np.int16)}, "fit together"),
        ({"names": np.zeros(0, np.uint8)}, "fit together"),
    ],
)
def test_arrays_that_do_not_fit_together_are_an_error(tmp_path, change, message):
    arrays = {**vars(pack(LISTS, SPLITS, ["k", "4", "k", "k"])), **change}
    np.savez(tmp_path / "fr.npz", **arrays)
    with pytest.raises(InputError, match=message):
        read_ids(tmp_path / "fr.npz")


def test_other_files_are_an_error(tmp_path):
    good = tmp_path / "good.npz"
    write_ids(pack(LISTS, SPLITS), good)
    (tmp_path / "cut.npz").write_bytes(good.read_bytes()[:-40])
    (tmp_path / "page.npz").write_text("<html>")
    (tmp_path / "empty.npz").write_bytes(b"")
    with (tmp_path / "array.npz").open("wb") as file:
        np.save(file, np.arange(3))
    np.savez(tmp_path / "other.npz", words=np.arange(3))
    np.savez(tmp_path / "objects.npz", **{**vars(pack(LISTS, SPLITS)), "ids": np.array([{}])})
    for name in ("cut", "page", "empty", "array", "other", "objects", "missing"):
        with pytest.raises(InputError, match=f"{name}.npz: no arrays can be read"):
            read_ids(tmp_path / f"{name}.npz")


def test_an_unknown_split_is_an_error():
    with pytest.raises(ValueError, match="not in tuple"):
        pack([[1]], ["dev"])
    with pytest.raises(ValueError, match="not in tuple"):
        TokenIds(*vars(pack(LISTS, SPLITS)).values()).rows("dev")
