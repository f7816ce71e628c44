import json
from pathlib import Path

import numpy as np
import pytest

from wordbridge.devise.predictions import Predictions, read_predictions
from wordbridge.errors import InputError


def written(folder: Path, matrix: np.ndarray, described: dict[str, object]) -> Predictions:
    np.save(folder / "values.npy", matrix)
    (folder / "values.json").write_text(json.dumps(described))
    tables = []
    for number, pictures in enumerate((["b/2", 'a"1'], ["c 3"])):
        tables.append(folder / f"{number}.tsv")
        lines = "".join(f"own\t{picture}\tff\n" for picture in pictures)
        tables[-1].write_text("set\tpicture\tstamp\n" + lines)
    return read_predictions(folder / "values.npy", folder / "values.json", tables)


def test_rows_are_the_shards_one_after_the_other(tmp_path: Path):
    matrix = np.arange(6, dtype=np.float32).reshape(3, 2)
    found = written(tmp_path, matrix, {"space": "words"})
    assert found.pictures == [("own", "b/2"), ("own", 'a"1'), ("own", "c 3")]
    assert isinstance(found.values, np.memmap)
    assert found.values.tolist() == matrix.tolist()


def test_classes_name_the_columns(tmp_path: Path):
    described = {"space": "classes", "classes": ["n1", "n2"]}
    assert written(tmp_path, np.zeros((3, 2), np.float32), described).classes == ("n1", "n2")


@pytest.mark.parametrize(
    ("shape", "described", "message"),
    [
        ((4, 2), {"space": "words"}, "expected 3 rows of float32"),
        ((3, 2), {"space": "classes", "classes": ["n1"]}, "expected 2 classes"),
        ((3, 2), {"space": "pixels"}, "got 'pixels'; predict again"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(
    tmp_path: Path, shape: tuple[int, int], described: dict[str, object], message: str
):
    with pytest.raises(InputError, match=message):
        written(tmp_path, np.zeros(shape, np.float32), described)


def test_a_table_without_the_column_is_named(tmp_path: Path):
    (tmp_path / "0.tsv").write_text("set\tstamp\n")
    np.save(tmp_path / "v.npy", np.zeros((0, 2), np.float32))
    (tmp_path / "v.json").write_text('{"space": "words"}')
    with pytest.raises(InputError, match="expected the columns set, picture, stamp"):
        read_predictions(tmp_path / "v.npy", tmp_path / "v.json", [tmp_path / "0.tsv"])
