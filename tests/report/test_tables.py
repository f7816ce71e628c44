"""Tests of tables as TSV, Markdown and HTML.

Tests of how figures are shown.

Tests of tables as pandas frames.
"""

import csv
import io
import math
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from wordbridge.errors import InputError
from wordbridge.report.tables import (
    Cell,
    Column,
    cells,
    embedded_table,
    plain_columns,
    read_frame,
    shown_columns,
    table_html,
    table_markdown,
    table_tsv,
    write_table,
)

VOID = {"meta", "link", "br", "img"}

NASTY = [
    "<script>alert(1)</script>",
    "a|b",
    "tab\there",
    "two\nlines\r\nmore",
    "*bold* _unk `code` [x](y)",
    "AT&T &amp;",
    "\"quoted\" 'text'",
    "back\\slash \\| $x$",
    "l\u2019été\u202f?",
]


class Checker(HTMLParser):
    """A reader of HTML that keeps the texts of cells and fails when tags are not balanced."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in {"td", "th", "caption"}:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th", "caption"} & set(self.open):
            self.cells[-1] += data


def parse(html: str) -> Checker:
    checker = Checker()
    checker.feed(html)
    checker.close()
    assert checker.open == []
    return checker


FRAME = pd.DataFrame(
    {
        "variant": ["baseline", "all"],
        "bleu": [13.123456789, 25.05],
        "bleu_std": [0.25, math.nan],
        "parameters": [19_982_969, 21_764_381],
        "note": ["", None],
    }
)
COLUMNS = {
    "variant": Column("Variant"),
    "bleu": Column("BLEU", 1, "bleu_std", best="high", note="more is better"),
    "parameters": Column("Parameters", 0),
}


def test_tsv_keeps_all_columns_with_six_digits() -> None:
    assert table_tsv(FRAME) == (
        "variant\tbleu\tbleu_std\tparameters\tnote\n"
        "baseline\t13.1235\t0.25\t19982969\t\n"
        "all\t25.05\t\t21764381\t\n"
    )


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (19_982_969.0, "19982969"),  # whole numbers become floats beside missing ones
        (np.int64(-3), "-3"),
        (1e-7 / 3, "3.33333e-08"),
        (1e300, "1e+300"),
        (math.inf, "inf"),
        (True, "true"),
        (np.bool_(False), "false"),
        (None, ""),
        ("a\tb\n c ", "a b  c"),
        ("l\u2019été\u202f?", "l\u2019été\u202f?"),
    ],
)
def test_a_tsv_field_is_one_field(value: object, field: str) -> None:
    frame = pd.DataFrame({"x": pd.Series([value], dtype=object)})
    assert table_tsv(frame) == f"x\n{field}\n"


def test_markdown_rounds_and_explains() -> None:
    assert table_markdown(FRAME, "Scores.", COLUMNS) == (
        "Scores.\n"
        "\n"
        "| Variant  |       BLEU | Parameters |\n"
        "| -------- | ---------: | ---------: |\n"
        "| baseline | 13.1 \u00b1 0.2 | 19,982,969 |\n"
        "| all      |   **25.1** | 21,764,381 |\n"
        "\n"
        "- BLEU: more is better\n"
    )


def test_html_has_caption_scopes_and_notes() -> None:
    html = table_html(FRAME, "Scores.", COLUMNS)
    checker = parse(html)
    assert checker.cells == [
        "Scores.", "Variant", "BLEU", "Parameters",
        "baseline", "13.1 \u00b1 0.2", "19,982,969", "all", "25.1", "21,764,381",
    ]  # fmt: skip
    scopes = [attributes.get("scope") for tag, attributes in checker.tags if tag == "th"]
    assert scopes == ["col"] * 3 + ["row"] * 2
    assert "<strong>25.1</strong>" in html
    assert "<dt>BLEU</dt> <dd>more is better</dd>" in html


def test_grouped_rows_show_their_group_once() -> None:
    frame = pd.DataFrame({"sample": ["1", "1", "2"], "text": ["a", "b", "c"]})
    checker = parse(table_html(frame, "Samples.", group=True))
    assert checker.cells[3:] == ["1", "a", "b", "2", "c"]
    heads = [attributes for tag, attributes in checker.tags if tag == "th"][2:]
    assert [head["rowspan"] for head in heads] == ["2", "1"]
    assert [head["scope"] for head in heads] == ["rowgroup", "rowgroup"]
    markdown = table_markdown(frame, "Samples.", group=True).splitlines()
    assert [line.split("|")[1].strip() for line in markdown[4:]] == ["1", "", "2"]


@pytest.mark.parametrize("group", [False, True])
@pytest.mark.parametrize("text", NASTY)
def test_texts_cannot_break_out_of_their_cell(text: str, group: bool, tmp_path: Path) -> None:
    frame = pd.DataFrame({"head " + text: ["row " + text], "b": [text]})
    columns = {"head " + text: Column("head " + text, note=text), "b": Column("b")}
    write_table(frame, tmp_path / "t", text, columns, group)
    one_line = " ".join(text.split()) if "\n" in text or "\t" in text else text

    html = (tmp_path / "t.html").read_bytes().decode()
    checker = parse(html)
    assert checker.cells == [text, "head " + text, "b", "row " + text, text]
    assert not any(tag == "script" for tag, _ in checker.tags)

    rows = list(
        csv.reader(
            io.StringIO((tmp_path / "t.tsv").read_bytes().decode(), newline=""),
            delimiter="\t", quoting=csv.QUOTE_NONE,
        )
    )  # fmt: skip
    assert rows == [["head " + one_line, "b"], ["row " + one_line, one_line]]

    lines = (tmp_path / "t.md").read_text(encoding="utf-8").split("\n")
    assert len(lines) == 8  # caption, blank, head, rule, row, blank, note and the end of the file
    for line in lines[2:5]:
        assert line.replace("\\\\", "").replace("\\|", "").count("|") == 3
    assert "<" not in "".join(lines)


def test_markdown_escapes_what_would_be_a_sign() -> None:
    frame = pd.DataFrame({"a": ["*x* _unk `c` [d] ~e~ $f$ <g> a|b \\ &"]})
    row = table_markdown(frame, "C").splitlines()[4]
    assert row == ("| \\*x\\* \\_unk \\`c\\` \\[d\\] \\~e\\~ \\$f\\$ &lt;g&gt; a\\|b \\\\ &amp; |")


def test_files_are_the_same_bytes_every_time_and_nothing_is_left_beside(tmp_path: Path) -> None:
    write_table(FRAME, tmp_path / "a" / "scores.final", "Scores.", COLUMNS)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["scores.final.html", "scores.final.md", "scores.final.tsv"]
    first = [(tmp_path / "a" / name).read_bytes() for name in names]
    write_table(FRAME, tmp_path / "a" / "scores.final", "Scores.", COLUMNS)
    assert [(tmp_path / "a" / name).read_bytes() for name in names] == first
    assert not any(b"\r" in text for text in first)


def test_a_page_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    write_table(FRAME, tmp_path / "t", "Scores.", COLUMNS)
    html = (tmp_path / "t.html").read_text(encoding="utf-8")
    checker = parse(html)
    assert not any({"src", "href"} & set(attributes) for _, attributes in checker.tags)
    assert "prefers-color-scheme: dark" in html
    assert "url(" not in html
    assert html.startswith('<!doctype html>\n<html lang="en">')


def test_a_table_can_be_taken_out_of_its_page(tmp_path: Path) -> None:
    write_table(FRAME, tmp_path / "t", "Scores.", COLUMNS)
    assert embedded_table(tmp_path / "t.html") == table_html(FRAME, "Scores.", COLUMNS)
    write_table(FRAME, tmp_path / "t", "Scores.")
    assert embedded_table(tmp_path / "t.html") == table_html(FRAME, "Scores.")


def test_another_page_has_no_table_to_take(tmp_path: Path) -> None:
    path = tmp_path / "t.html"
    path.write_text("<p>404 not found</p>")
    with pytest.raises(InputError, match=r"t\.html: expected a table of this project"):
        embedded_table(path)


def test_a_table_without_rows_is_a_table() -> None:
    empty = FRAME.iloc[:0]
    assert table_tsv(empty).count("\n") == 1
    assert parse(table_html(empty, "Scores.", COLUMNS, group=True)).cells[-1] == "Parameters"
    assert len(table_markdown(empty, "Scores.", COLUMNS, group=True).splitlines()) == 6


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        (25.0571, Column("BLEU", 1), "25.1"),
        (np.float32(2.25), Column("loss", 3), "2.250"),
        (0.12345, Column("share", 1, scale=100), "12.3"),
        (19_982_969, Column("parameters", 0), "19,982,969"),
        (-0.04, Column("gain", 1), "0.0"),
        (-1.25, Column("gain", 2), "-1.25"),
        (0.000123456789, Column("rate"), "0.000123457"),
        (12, Column("count"), "12"),
        ("12", Column("text", 1), "12"),
        (True, Column("flag", 1), "True"),
        (None, Column("empty", 1), "\u2013"),
        (math.nan, Column("empty", 1), "\u2013"),
    ],
)
def test_a_value_is_shown_with_the_digits_of_its_column(
    value: object, column: Column, text: str
) -> None:
    frame = pd.DataFrame({"x": pd.Series([value], dtype=object)})
    assert cells(frame, {"x": column})[0][0].text == text


@pytest.mark.parametrize(
    ("row", "column", "text"),
    [
        ({"a": 25.06, "b": 0.44}, Column("A", 1, deviation="b"), "25.1 \u00b1 0.4"),
        ({"a": 0.25, "b": 0.011}, Column("A", 1, deviation="b", scale=100), "25.0 \u00b1 1.1"),
        ({"a": 25.06, "b": math.nan}, Column("A", 1, deviation="b"), "25.1"),
        ({"a": math.nan, "b": 1.0}, Column("A", 1, deviation="b"), "\u2013"),
        ({"a": 3.2, "b": 2.1, "c": 4.3}, Column("A", 1, interval=("b", "c")), "3.2 [2.1, 4.3]"),
        ({"a": 3.2, "b": math.nan, "c": math.nan}, Column("A", 1, interval=("b", "c")), "3.2"),
    ],
)
def test_deviation_and_interval_stand_beside_the_figure(
    row: dict[str, float], column: Column, text: str
) -> None:
    assert cells(pd.DataFrame([row]), {"a": column}) == [[Cell(text, figure=True)]]


@pytest.mark.parametrize(
    ("values", "best", "marked"),
    [
        ([3.0, 1.0, 2.0], "low", [False, True, False]),
        ([3.0, 1.0, 2.0], "high", [True, False, False]),
        ([2.04, 1.0, 2.01], "high", [True, False, True]),  # both are shown as 2.0
        ([3.0, None, 2.0], "low", [False, False, True]),
        ([3.0], "low", [False]),  # nothing to compare with
        ([3.0, 3.01], "low", [False, False]),  # all are best
        ([3.0, 4.0], "", [False, False]),
    ],
)
def test_the_best_figure_as_shown_is_marked(
    values: list[float], best: Any, marked: list[bool]
) -> None:
    rows = cells(pd.DataFrame({"x": values}), {"x": Column("X", 1, best=best)})
    assert [row[0].best for row in rows] == marked


def test_columns_are_shown_in_the_order_asked_for_and_absent_ones_left_out() -> None:
    frame = pd.DataFrame({"a": [1], "b": [2], "c": [3]})
    asked = {"c": Column("C"), "z": Column("Z"), "a": Column("A")}
    assert list(shown_columns(frame, asked)) == ["c", "a"]
    assert shown_columns(frame, None) == plain_columns(frame)


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
