"""Tables as TSV, Markdown and HTML, how their cells are formatted, and how tables are read."""

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
    Table,
    aggregate_seeds,
    embedded_table,
    html,
    markdown,
    read_frame,
    read_metrics,
    save_table,
    tsv,
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
    "bleu": Column("BLEU", 1, best="high", note="more is better"),
    "parameters": Column("Parameters", 0),
}
SCORES = Table(FRAME, "Scores.", COLUMNS)
ENDINGS = (".tsv", ".md", ".html")


def plain(frame: pd.DataFrame, caption: str = "Caption.", group: bool = False) -> Table:
    """Return a table of all columns of ``frame`` under their own names."""
    return Table(frame, caption, {name: Column(name) for name in frame.columns}, group)


def save(table: Table, stem: Path) -> None:
    """Write the table in all formats."""
    save_table(table, [stem.with_name(stem.name + ending) for ending in ENDINGS])


def test_tsv_keeps_all_columns_with_six_digits() -> None:
    assert tsv(SCORES) == (
        "variant\tbleu\tbleu_std\tparameters\tnote\n"
        "baseline\t13.1235\t0.25\t19982969\t\n"
        "all\t25.05\t\t21764381\t\n"
    )


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (19_982_969.0, "19982969"),  # integers become floats next to missing values
        (np.int64(-3), "-3"),
        (1e-7 / 3, "3.33333e-08"),
        (1e300, "1e+300"),
        (math.inf, "inf"),
        (None, ""),
        ("a\tb\n c ", "a b  c"),
        ("l\u2019été\u202f?", "l\u2019été\u202f?"),
    ],
)
def test_a_tsv_field_is_one_field(value: object, field: str) -> None:
    frame = pd.DataFrame({"x": pd.Series([value], dtype=object)})
    assert tsv(plain(frame)) == f"x\n{field}\n"


def test_markdown_rounds_and_explains() -> None:
    assert markdown(SCORES) == (
        "Scores.\n"
        "\n"
        "| Variant   |       BLEU |   Parameters |\n"
        "|:----------|-----------:|-------------:|\n"
        "| baseline  | 13.1 \u00b1 0.2 |   19,982,969 |\n"
        "| all       |   **25.1** |   21,764,381 |\n"
        "\n"
        "- BLEU: more is better\n"
    )


def test_html_has_caption_scopes_and_notes() -> None:
    text = html(SCORES)
    checker = parse(text)
    assert checker.cells == [
        "Scores.", "Variant", "BLEU", "Parameters",
        "baseline", "13.1 \u00b1 0.2", "19,982,969", "all", "25.1", "21,764,381",
    ]  # fmt: skip
    scopes = [attributes.get("scope") for tag, attributes in checker.tags if tag == "th"]
    assert scopes == ["col"] * 3 + ["row"] * 2
    assert "<strong>25.1</strong>" in text
    assert "<dt>BLEU</dt> <dd>more is better</dd>" in text


def test_grouped_rows_show_their_group_once() -> None:
    frame = pd.DataFrame({"sample": ["1", "1", "2"], "text": ["a", "b", "c"]})
    checker = parse(html(plain(frame, group=True)))
    assert checker.cells[3:] == ["1", "a", "b", "2", "c"]
    heads = [attributes for tag, attributes in checker.tags if tag == "th"][2:]
    assert [head["rowspan"] for head in heads] == ["2", "1"]
    assert [head["scope"] for head in heads] == ["rowgroup", "rowgroup"]
    lines = markdown(plain(frame, group=True)).splitlines()
    assert [line.split("|")[1].strip() for line in lines[4:]] == ["1", "", "2"]


@pytest.mark.parametrize("group", [False, True])
@pytest.mark.parametrize("text", NASTY)
def test_texts_stay_within_their_cell(text: str, group: bool, tmp_path: Path) -> None:
    frame = pd.DataFrame({"head " + text: ["row " + text], "b": [text]})
    columns = {"head " + text: Column("head " + text, note=text), "b": Column("b")}
    save(Table(frame, text, columns, group), tmp_path / "t")
    one_line = " ".join(text.split()) if "\n" in text or "\t" in text else text

    checker = parse((tmp_path / "t.html").read_bytes().decode())
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


def test_markdown_escapes_special_characters() -> None:
    frame = pd.DataFrame({"a": ["*x* _unk `c` [d] ~e~ $f$ <g> a|b \\ &"]})
    row = markdown(plain(frame)).splitlines()[4]
    assert row == ("| \\*x\\* \\_unk \\`c\\` \\[d\\] \\~e\\~ \\$f\\$ &lt;g&gt; a\\|b \\\\ &amp; |")


def test_files_are_the_same_bytes_every_time_and_no_temporary_file_remains(tmp_path: Path) -> None:
    save(SCORES, tmp_path / "a" / "scores.final")
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["scores.final.html", "scores.final.md", "scores.final.tsv"]
    first = [(tmp_path / "a" / name).read_bytes() for name in names]
    save(SCORES, tmp_path / "a" / "scores.final")
    assert [(tmp_path / "a" / name).read_bytes() for name in names] == first
    assert not any(b"\r" in text for text in first)


def test_a_page_is_self_contained(tmp_path: Path) -> None:
    save(SCORES, tmp_path / "t")
    text = (tmp_path / "t.html").read_text(encoding="utf-8")
    checker = parse(text)
    assert not any({"src", "href"} & set(attributes) for _, attributes in checker.tags)
    assert "color-scheme: light dark" in text
    assert "light-dark(" in text
    assert "url(" not in text
    assert text.startswith('<!doctype html>\n<html lang="en">')


def test_a_table_can_be_embedded_in_another_page(tmp_path: Path) -> None:
    save(SCORES, tmp_path / "t")
    text = embedded_table(tmp_path / "t.html")
    assert f"<main>\n{text}\n</main>" in html(SCORES)
    assert parse(text).cells == parse(html(SCORES)).cells


def test_a_page_without_a_table_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "t.html"
    path.write_text("<p>404 not found</p>")
    with pytest.raises(InputError, match=r"t\.html: expected a table of this project"):
        embedded_table(path)


def test_a_table_without_rows_is_a_table() -> None:
    empty = Table(FRAME.iloc[:0], "Scores.", COLUMNS, group=True)
    assert tsv(empty).count("\n") == 1
    assert parse(html(empty)).cells[-1] == "Parameters"
    assert len(markdown(empty).splitlines()) == 6


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
        (None, Column("empty", 1), "\u2013"),
        (math.nan, Column("empty", 1), "\u2013"),
    ],
)
def test_a_value_is_shown_with_the_digits_of_its_column(
    value: object, column: Column, text: str
) -> None:
    frame = pd.DataFrame({"x": pd.Series([value], dtype=object)})
    assert Table(frame, "", {"x": column}).cells[0][0].text == text


@pytest.mark.parametrize(
    ("row", "column", "text"),
    [
        ({"a": 25.06, "a_std": 0.44}, Column("A", 1), "25.1 \u00b1 0.4"),
        ({"a": 0.25, "a_std": 0.011}, Column("A", 1, scale=100), "25.0 \u00b1 1.1"),
        ({"a": 25.06, "a_std": math.nan}, Column("A", 1), "25.1"),
        ({"a": math.nan, "a_std": 1.0}, Column("A", 1), "\u2013"),
        ({"a": 3.2, "a_low": 2.1, "a_high": 4.3}, Column("A", 1), "3.2 [2.1, 4.3]"),
        ({"a": 0.021, "a_low": 0.0123, "a_high": 0.25}, Column("A", 1), "0.021 [0.012, 0.25]"),
        ({"a": -2e-5, "a_low": -4e-5, "a_high": -1e-9}, Column("A", 1), "-2e-05 [-4e-05, -1e-09]"),
        ({"a": 0.021, "a_low": -0.0123, "a_high": 0.06}, Column("A", 1), "0.0 [0.0, 0.1]"),
        ({"a": 0.0, "a_low": 0.0, "a_high": 0.0}, Column("A", 1), "0.0 [0.0, 0.0]"),
        ({"a": 3.2, "a_low": math.nan, "a_high": math.nan}, Column("A", 1), "3.2"),
    ],
)
def test_std_and_interval_follow_the_value(
    row: dict[str, float], column: Column, text: str
) -> None:
    assert Table(pd.DataFrame([row]), "", {"a": column}).cells == [[Cell(text, is_number=True)]]


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
def test_the_best_of_the_rounded_values_is_marked(
    values: list[float], best: Any, marked: list[bool]
) -> None:
    table = Table(pd.DataFrame({"x": values}), "", {"x": Column("X", 1, best=best)})
    assert [row[0].is_best for row in table.cells] == marked


def test_columns_are_in_their_own_order_and_absent_ones_are_left_out() -> None:
    frame = pd.DataFrame({"a": [1], "b": [2], "c": [3]})
    columns = {"c": Column("C"), "z": Column("Z"), "a": Column("A")}
    assert list(Table(frame, "", columns).visible) == ["c", "a"]


def test_an_empty_field_is_a_text_or_a_missing_number(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text('word\tloss\n"NA"\t1.5\nb\t\n', encoding="utf-8")
    assert read_frame(path, "-")["word"].tolist() == ['"NA"', "b"]
    assert read_frame(path, "-")["loss"].tolist() == ["1.5", ""]
    path.write_text("word\tloss\nNone\t1.5\nnull\t2\nNA\t\n", encoding="utf-8")
    frame = read_frame(path, "-", gaps=True)
    assert frame["word"].tolist() == ["None", "null", "NA"]
    assert frame["loss"].isna().tolist() == [False, False, True]


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("name", ["128", "001", "NA", "null"])
def test_a_name_stays_a_text(tmp_path: Path, name: str, gaps: bool) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(f"variant\tlabel\n{name}\t{name}\n", encoding="utf-8")
    assert read_frame(path, "-", gaps).to_numpy().tolist() == [[name, name]]


@pytest.mark.parametrize("data", [None, b"", b"a\tb\n1\t\xff\n", b"a\tb\n1\t2\t3\n1\t2\t3\t4\n"])
def test_an_unreadable_table_is_an_error_in_one_line(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "a.tsv"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InputError, match=r"a\.tsv: no table can be read \(.*\); make it$") as error:
        read_frame(path, "make it")
    assert "\n" not in str(error.value)


def metrics_file(folder: Path, text: str) -> Path:
    """Return the path of a table of metrics with ``text``."""
    folder.mkdir(parents=True)
    (folder / "metrics.tsv").write_text(text)
    return folder / "metrics.tsv"


def test_rows_of_metrics_have_variant_and_seed_of_their_folder(tmp_path: Path) -> None:
    paths = [
        metrics_file(tmp_path / "forcing" / "2", "epoch\ttrain_loss\n1\t4.5\n2\t3.25\n"),
        metrics_file(tmp_path / "all" / "1", "epoch\ttrain_loss\n1\t4\n"),
    ]
    table = read_metrics(paths)
    assert list(table.columns) == ["variant", "seed", "epoch", "train_loss"]
    assert list(table.itertuples(index=False, name=None)) == [
        ("forcing", "2", 1, 4.5),
        ("forcing", "2", 2, 3.25),
        ("all", "1", 1, 4.0),
    ]


@pytest.mark.parametrize(
    ("values", "mean", "std"),
    [
        ([1.0, 2.0, 6.0], 3.0, math.sqrt(7)),
        ([2.5, 2.5], 2.5, 0.0),
        ([1.0, 3.0], 2.0, math.sqrt(2)),
        ([3.0], 3.0, math.nan),
    ],
)
def test_the_std_is_that_of_a_sample_and_missing_for_one_run(
    values: list[float], mean: float, std: float
) -> None:
    frame = aggregate_seeds(pd.DataFrame({"run": "a", "x": values}), ["x"], [], key="run")
    figures = {"x": pytest.approx(mean), "x_std": pytest.approx(std, nan_ok=True)}
    assert frame.to_dict("records") == [{"run": "a", "seeds": len(values)} | figures]


RUNS: list[dict[str, Any]] = [
    {"variant": "forcing", "seed": 2, "bleu": 10.0, "device": "cpu"},
    {"variant": "all", "seed": 2, "bleu": 30.0, "device": "cpu"},
    {"variant": "forcing", "seed": 1, "bleu": 13.0, "device": "cpu"},
]


def test_each_variant_is_one_row_in_the_order_of_first_appearance() -> None:
    frame = aggregate_seeds(pd.DataFrame(RUNS), ["bleu"], ["device"])
    assert list(frame.columns) == ["variant", "seeds", "device", "bleu", "bleu_std"]
    assert list(frame["variant"]) == ["forcing", "all"]
    assert list(frame["seeds"]) == [2, 1]
    assert list(frame["bleu"]) == [11.5, 30.0]
    assert frame["bleu_std"][0] == pytest.approx(math.sqrt(4.5))
    assert math.isnan(frame["bleu_std"][1])
