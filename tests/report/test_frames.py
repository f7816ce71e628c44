"""Tests of tables as pandas frames."""

from pathlib import Path

import pytest

from wordbridge.errors import InputError
from wordbridge.report.frames import read_frame


def test_an_empty_field_is_a_text_or_a_missing_number(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text('word\tloss\n"NA"\t1.5\nb\t\n', encoding="utf-8")
    assert read_frame(path, "-")["word"].tolist() == ['"NA"', "b"]
    assert read_frame(path, "-")["loss"].tolist() == ["1.5", ""]
    assert read_frame(path, "-", gaps=True)["loss"].isna().tolist() == [False, True]


@pytest.mark.parametrize("data", [None, b"", b"a\tb\n1\t\xff\n", b"a\tb\n1\t2\t3\n1\t2\t3\t4\n"])
def test_what_is_no_table_is_told_in_one_line(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "a.tsv"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InputError, match=r"a\.tsv: no table can be read \(.*\); make it$") as told:
        read_frame(path, "make it")
    assert "\n" not in str(told.value)
