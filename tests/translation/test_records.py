"""Tests of the JSON files with the figures of one run."""

import math
from pathlib import Path

import pytest

from wordbridge.errors import InputError
from wordbridge.translation.records import read_records, write_record


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    record = {"variant": "all\n\u00e9", "seed": 2, "bleu": 1 / 3, "counts": [[1, 2], [3, 4]]}
    write_record(tmp_path / "new" / "2.json", record)
    assert read_records([tmp_path / "new" / "2.json"]) == [record]


def test_a_record_has_one_line_per_key(tmp_path: Path) -> None:
    write_record(tmp_path / "1.json", {"seed": 1, "counts": [[1, 2], [3, 4]]})
    text = (tmp_path / "1.json").read_bytes()
    assert text == b'{\n "seed": 1,\n "counts": [[1, 2], [3, 4]]\n}\n'


def test_records_keep_the_order_of_the_files(tmp_path: Path) -> None:
    paths = [tmp_path / f"{seed}.json" for seed in (3, 1, 2)]
    for path in paths:
        write_record(path, {"seed": int(path.stem)})
    assert [record["seed"] for record in read_records(paths)] == [3, 1, 2]


def test_a_figure_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_record(tmp_path / "1.json", {"loss": math.nan})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "message"), [("[1, 2]", "a JSON object, got list"), ("{", "in JSON, got none")]
)
def test_other_files_are_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "1.json"
    path.write_text(text)
    with pytest.raises(InputError, match=rf"1\.json: .*{message}"):
        read_records([path])
