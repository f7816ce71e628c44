import io
import random
import re
import sys
import tracemalloc
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stderr
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.inputs import files
from wordbridge import text
from wordbridge.corpus import questions
from wordbridge.corpus.pairs import Pair, write_pairs
from wordbridge.corpus.questions import (
    REASONS,
    aligned_lines,
    extract_corpus,
    extract_questions,
    tabbed_lines,
)
from wordbridge.errors import InputError
from wordbridge.text import Text, clean

QUESTIONS = ("fr_pattern", "en_pattern", "max_characters")
FR, EN = r"^([^?.!]+\?)", r"^(Wh[^?.!]+\?)"
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data in {DATA}")

LINES = [
    (1, "Où est-il? Là.", "Where is he? There."),
    (2, "Il est là.", "He is there."),
    (3, "Qui? Moi.", "It is me. Who?"),
    (4, "Moi. Qui?", "Who? Me."),
    (5, "", "What?"),
    (6, "Quoi?", " \t"),
    (7, "Que voulez-vous donc?", "What do you want then?"),
]


def numbers(
    fr_pattern: str | None, en_pattern: str | None, max_characters: int | None = None
) -> tuple[list[int], Counter[str]]:
    """Return the numbers of the extracted lines, and the report."""
    report: Counter[str] = Counter()
    rows = extract_questions(LINES, fr_pattern, en_pattern, report, max_characters)
    return [number for number, _, _ in rows], report


def test_lines_are_cut_to_what_matches_and_every_line_is_counted():
    report = Counter()
    assert list(extract_questions(LINES, FR, EN, report, None)) == [
        (1, "Où est-il?", "Where is he?"),
        (7, "Que voulez-vous donc?", "What do you want then?"),
    ]
    assert tuple(report) == REASONS
    assert list(report.values()) == [7, 2, 2, 1, 1, 1, 0]
    assert report["read"] == sum(report.values()) - report["read"]


def test_pairs_keep_their_item_group_and_versions(tmp_path: Path):
    pairs = [
        Pair("1:2:3/2.1", "1:2:3", "Qui? Moi.", "Who? Me.", "l", "k"),
        Pair("b", "c", "Non.", "No."),
    ]
    write_pairs(tmp_path / "pairs.tsv", pairs)
    report = Counter()
    patterns = {"fr_pattern": FR, "en_pattern": EN, "max_characters": None}
    files = {"pairs": str(tmp_path / "pairs.tsv")}
    assert list(extract_corpus({"kind": "pairs"}, files, patterns, report)) == [
        Pair("1:2:3/2.1", "1:2:3", "Qui?", "Who?", "l", "k")
    ]
    assert (report["kept"], report["neither matches"]) == (1, 1)


def test_lines_and_tables_become_pairs_with_the_line_number_as_item(tmp_path: Path):
    (tmp_path / "fr").write_text("Non.\nQui? Moi.\n", encoding="utf-8")
    (tmp_path / "en").write_text("No.\nWho? Me.\n", encoding="utf-8")
    (tmp_path / "table").write_text("No.\tNon.\nWho? Me.\tQui? Moi.\n", encoding="utf-8")
    files = {name: str(tmp_path / name) for name in ("fr", "en", "table")}
    patterns = {"fr_pattern": FR, "en_pattern": EN, "max_characters": None}
    for corpus in ({"kind": "lines"}, {"kind": "table", "fr_column": 2, "en_column": 1}):
        pairs = extract_corpus(corpus, files, patterns, Counter())
        assert list(pairs) == [Pair("2", "2", "Qui?", "Who?")]


def test_without_patterns_all_but_empty_sentences_are_kept():
    report = Counter()
    rows = list(extract_questions(LINES, None, None, report, None))
    assert [number for number, _, _ in rows] == [1, 2, 3, 4, 7]
    assert rows[1] == (2, "Il est là.", "He is there.")
    assert report["empty on one side or both"] == 2


def test_one_side_may_have_no_pattern():
    assert numbers(None, EN)[0] == [1, 4, 7]


@pytest.mark.parametrize(
    ("fr", "en", "kind"), [("French", "English", "lines"), ("fr", " en", "table")]
)
def test_headings_are_counted_and_no_pair(tmp_path: Path, fr: str, en: str, kind: str):
    files = {name: str(tmp_path / name) for name in ("fr", "en", "table")}
    (tmp_path / "fr").write_text(f"{fr}\nQui ?\n")
    (tmp_path / "en").write_text(f"{en}\nWho?\n")
    (tmp_path / "table").write_text(f"{fr}\t{en}\nQui ?\tWho?\n")
    corpus, report = {"kind": kind, "fr_column": 1, "en_column": 2}, Counter()
    pairs = extract_corpus(corpus, files, dict.fromkeys(QUESTIONS), report)
    assert list(pairs) == [Pair("2", "2", "Qui ?", "Who?")]
    assert (report["header line"], report["read"]) == (1, 1)


@pytest.mark.parametrize(("others", "warns"), [(9, False), (10, True)])
def test_few_kept_pairs_are_a_warning(capsys: pytest.CaptureFixture[str], others: int, warns: bool):
    rows = [(1, "Qui ?", " \tWho?"), *[(2, "Oui.", "Yes.")] * others]
    assert list(extract_questions(rows, FR, EN, Counter(), None)) == [(1, "Qui ?", "Who?")]
    assert ("warning: 1 of 11 pairs are kept" in capsys.readouterr().err) == warns


def test_too_long_texts_are_counted():
    kept, report = numbers(FR, EN, max_characters=12)
    assert kept == [1]
    assert report["too many characters"] == 1


def test_no_question_at_all_is_an_error_that_shows_the_patterns():
    report = Counter()
    with pytest.raises(InputError, match=r"none in 7 \(2 empty.*fr_pattern \(.*Wh.*swapped"):
        list(extract_questions(((n, en, fr) for n, fr, en in LINES), FR, EN, report, None))
    assert report["read"] == 7


@pytest.mark.parametrize(
    ("fr", "en", "key"), [("^(", EN, "fr_pattern"), (FR, "[z-a]", "en_pattern")]
)
def test_a_bad_pattern_names_its_key(fr: str, en: str, key: str):
    with pytest.raises(InputError, match=f"{key}: expected a regular expression, got"):
        numbers(fr, en)


@pytest.mark.parametrize(
    "pattern",
    [
        FR,
        EN,
        r"a\?",
        r"a\??",
        r"^a|b\?",
        r"(\?)",
        r"(\\?)",
        r"(?:a\?)",
        r"a(?!b\?)",
        r"[b\?]",
        r"\(a\)\.",
        r"a\?$",
        r"a\?*",
        r"^b",
        r"\\\?",
        r"(?m)^b",
    ],
)
def test_shortcuts_match_as_a_plain_search_does(pattern: str):
    chance = random.Random(3)
    texts = ["".join(chance.choices("ab?.(\\)Wh\n", k=chance.randrange(1, 9))) for _ in range(2000)]
    texts = [text.strip() for text in texts]
    extracted_pairs = [
        (n, match.group()) for n, text in enumerate(texts) if (match := re.search(pattern, text))
    ]
    rows = ((n, text, "x") for n, text in enumerate(texts))
    extracted = extract_questions(rows, pattern, None, Counter(), None)
    assert [(n, fr) for n, fr, _ in extracted] == [
        (n, text) for n, text in extracted_pairs if text.strip()
    ]


ATOMS = st.sampled_from(
    [
        "a",
        "b",
        " ",
        "^",
        "$",
        ".",
        r"\?",
        "[?]",
        "[^?]",
        "é",
        "K",
        ";",
        r"\b",
        r"\n",
        "(?=a)",
        "(?<!b)",
        "(?i:a)",
    ]
)
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=2).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from("*+?")).map(lambda parts: f"({parts[0]}){parts[1]}"),
    ),
    max_leaves=6,
)
LETTERS = "ab?Aé;K \t\x7f\u200b\u00a0\u00ab\u0301\u037e\u212a"
TEXTS = st.lists(st.text(LETTERS, max_size=5), min_size=4, max_size=12)


@settings(deadline=None, max_examples=300)
@given(PATTERNS, PATTERNS, TEXTS, TEXTS, st.sampled_from(["", "(?i)"]), st.sampled_from([1, 9, 99]))
def test_lines_without_a_needed_character_are_skipped_and_counted(
    fr_pattern: str, en_pattern: str, fr: list[str], en: list[str], flag: str, block: int
):
    patterns = {"fr_pattern": flag + fr_pattern, "en_pattern": en_pattern}
    size = min(len(fr), len(en))
    with TemporaryDirectory() as folder, mock.patch.object(text, "BLOCK", block):
        paths = {"fr": f"{folder}/fr", "en": f"{folder}/en"}
        Path(paths["fr"]).write_text("\n".join([*fr[:size], "x"]), encoding="utf-8")
        Path(paths["en"]).write_text("\n".join([*en[:size], "y"]), encoding="utf-8")

        def outcome(needed: Callable[[str], str]) -> tuple[list[Pair] | str, Counter[str]]:
            report: Counter[str] = Counter()
            corpus = {"kind": "lines"}
            with mock.patch.object(questions, "_needed_character", needed):
                pairs = extract_corpus(corpus, paths, {**patterns, "max_characters": 3}, report)
                try:
                    return list(pairs), report
                except InputError as error:
                    return str(error), report

        assert outcome(questions._needed_character) == outcome(lambda pattern: "")


@pytest.mark.parametrize(
    ("pattern", "character"),
    [(EN, "?"), (FR, "?"), ("(Wh)+", "W"), ("a?b", "b"), ("a|b", ""), ("(?i)a", ""), (None, "")],
)
def test_a_character_that_each_match_contains_comes_from_the_pattern(
    pattern: str | None, character: str
):
    assert questions._needed_character(pattern) == character


def test_clean_makes_no_needed_character_out_of_others():
    every = "\n".join(map(chr, range(0x80, sys.maxunicode + 1)))
    assert not questions._KEPT & {*clean(every)}


def extract(
    paths: list[str], patterns: dict[str, Any], processes: int
) -> tuple[list[Pair], list[tuple[str, int]], str] | str:
    """Return the pairs, the report and the messages, or the error."""
    report: Counter[str] = Counter()
    corpus = dict(zip(("fr", "en"), paths, strict=True))
    with redirect_stderr(io.StringIO()) as messages:
        try:
            pairs = [*extract_corpus({"kind": "lines"}, corpus, patterns, report, processes)]
        except InputError as error:
            return str(error)
    return pairs, [*report.items()], messages.getvalue()


def map_in_this_process(
    function: Callable[[Any], Any], items: Iterable[Any], processes: int
) -> Iterator[Any]:
    """Yield as ``map_in_processes`` does, in this process."""
    for item in items:
        yield function(item)


ROWS = [
    *[("Qui ? Lui.", "Who? Him."), ("\u00c7a ?\u00a0?", "What?"), ("\u00c7a ira ?", "Who is it?")],
    *[("Oui.", "Yes."), ("Oui ?", "Yes?"), ("fr", "English"), ("", "Who?"), (" \t", "\u200b")],
]
FAULTS = [b"\xe9t\xe9", b"a\rb", b"\0", b"x" * 30, "\ufeff".encode()]
ENDS = st.sampled_from([b"\n", b"\n", b"\r\n"])


@settings(deadline=None, max_examples=400)
@given(
    st.lists(st.tuples(st.sampled_from(ROWS), ENDS, ENDS), min_size=1, max_size=30),
    st.lists(st.tuples(st.integers(0, 29), st.booleans(), st.sampled_from(FAULTS)), max_size=4),
    st.lists(st.sampled_from([b"\n", b" \r\n", b"Non."]), max_size=2),
    st.booleans(),
    st.sampled_from([(FR, EN), (FR, EN), (FR, None), (None, None), (FR, "(")]),
    st.sampled_from([1, 5, 20]),
    st.sampled_from([1, 20, 100]),
)
@example(  # a block of one process has both faults, the parts have one each
    [(("Oui.", "Yes."), b"\n", b"\n")] * 9,
    [(6, True, b"\0"), (5, False, b"\0")],
    *([], True, (FR, EN), 20, 1),
)
def test_parts_of_large_texts_give_the_pairs_counts_and_errors_of_the_whole(
    rows: list[tuple[tuple[str, str], bytes, bytes]],
    faults: list[tuple[int, bool, bytes]],
    surplus: list[bytes],
    is_french: bool,
    expressions: tuple[str | None, str | None],
    block: int,
    part: int,
):
    fr = [fr.encode() + end for (fr, _), end, _ in rows]
    en = [en.encode() + end for (_, en), _, end in rows]
    for line, is_in_french, fault in faults:
        if line < len(rows):
            (fr if is_in_french else en)[line] = fault + b"\n"
    (fr if is_french else en).extend(surplus)
    patterns = dict(zip(QUESTIONS, (*expressions, 8), strict=True))
    with (
        TemporaryDirectory() as folder,
        mock.patch.multiple(text, BLOCK=block, MAX_LINE=30),
        mock.patch.multiple(questions, map_in_processes=map_in_this_process, _LARGE=0, _PART=part),
    ):
        paths = [f"{folder}/fr", f"{folder}/en"]
        for path, column in zip(paths, (fr, en), strict=True):
            Path(path).write_bytes(b"".join(column))
        assert extract(paths, patterns, 2) == extract(paths, patterns, 1)


def test_processes_read_parts_of_large_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(questions, "_LARGE", 1000)
    monkeypatch.setattr(questions, "_PART", 1 << 18)  # a block of the processes
    paths = [str(tmp_path / "fr"), str(tmp_path / "en")]
    patterns = {"fr_pattern": FR, "en_pattern": EN, "max_characters": None}
    fr = [f"C'est {number}.\r\nQui ?\r\n".encode() for number in range(40_000)]
    Path(paths[0]).write_bytes(b"French\r\n" + b"".join(fr))
    Path(paths[1]).write_bytes(b"English" + b"\nIt is.\nWho?" * 40_000)
    expected = extract(paths, patterns, 1)
    assert extract(paths, patterns, 2) == expected
    assert [len(expected[0]), *expected[1][:2]] == [40_000, ("header line", 1), ("read", 80_000)]
    for line in (39_999, 30_000):
        fr[line] = b"\xc7a ?\nQui ?\n"
        Path(paths[0]).write_bytes(b"".join(fr))
        error = extract(paths, patterns, 2)
        assert f"fr, line {2 * line + 1}: expected UTF-8" in error
        assert error == extract(paths, patterns, 1)


@pytest.mark.parametrize(("form", "large"), [("plain", 20), ("gzip", 0), ("zip", 0)])
def test_small_and_compressed_texts_are_read_in_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, large: int
):
    monkeypatch.setattr(questions, "_LARGE", large)
    monkeypatch.setattr(questions, "map_in_processes", None)
    paths = []
    for language, content in (("fr", b"Qui ?\n"), ("en", b"Who?\n")):
        (tmp_path / language).mkdir()
        paths.append(str(files.text_file(tmp_path / language, content, form)))
    pairs, _, _ = extract(paths, dict.fromkeys(QUESTIONS), 2)
    assert pairs == [Pair("1", "1", "Qui ?", "Who?")]


@needs_data
def test_the_debates_have_3208_questions():
    fr, en = DATA / "hansard" / "debates.fr.gz", DATA / "hansard" / "debates.en.gz"
    report = Counter()
    assert (
        sum(1 for _ in extract_questions(aligned_lines(Text(fr), Text(en)), FR, EN, report, None))
        == 3208
    )
    assert report["read"] == 257_072


@needs_data
def test_tatoeba_has_7083_questions(tmp_path):
    with zipfile.ZipFile(DATA / "tatoeba" / "fra-eng-2017.zip") as archive:
        (tmp_path / "fra.txt").write_bytes(archive.read("fra.txt"))
    lines = tabbed_lines(tmp_path / "fra.txt", 2, 1)
    report = Counter()
    assert sum(1 for _ in extract_questions(lines, FR, EN, report, None)) == 7083
    assert report["read"] == 142_787


def test_aligned_lines_are_numbered_from_one(tmp_path: Path):
    fr = files.text_file(tmp_path, "Où ?\nQui ?\nfin".encode(), "gzip")
    en = files.text_file(tmp_path, b"Where?\r\nWho?\r\nend\r\n", "plain")
    assert list(aligned_lines(Text(fr), Text(en))) == [
        (1, "Où ?", "Where?"),
        (2, "Qui ?", "Who?"),
        (3, "fin", "end"),
    ]


@pytest.mark.parametrize(("fr_count", "en_count"), [(3, 5), (5, 3), (1, 200), (200, 1)])
@pytest.mark.parametrize("block", [4, 1 << 16])
def test_different_line_counts_are_an_error_that_names_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fr_count: int, en_count: int, block: int
):
    fr, en = tmp_path / "fr", tmp_path / "en"
    fr.write_text("a\n" * fr_count)
    en.write_text("b\n" * en_count)
    monkeypatch.setattr(text, "BLOCK", block)
    with pytest.raises(InputError, match=f"got {fr_count} lines in .*fr and {en_count} in .*en"):
        list(aligned_lines(Text(fr), Text(en)))


@pytest.mark.parametrize(("fr_end", "en_end"), [("\n\n", ""), ("", "\n\u00a0\r\n")])
@pytest.mark.parametrize("block", [4, 1 << 16])
def test_blank_lines_at_the_end_of_one_text_are_a_warning(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fr_end: str,
    en_end: str,
    block: int,
):
    fr, en = tmp_path / "fr", tmp_path / "en"
    fr.write_text(f"a\nb\n{fr_end}", encoding="utf-8", newline="")
    en.write_text(f"a\nb\n{en_end}", encoding="utf-8", newline="")
    monkeypatch.setattr(text, "BLOCK", block)
    rows = [(1, "a", "a"), (2, "b", "b"), (3, "", ""), (4, "", "")]
    assert list(aligned_lines(Text(fr), Text(en))) == rows
    longer = fr if fr_end else en
    assert f"warning: {longer}: expected 2 lines as in the other text, got 4; the last" in (
        capsys.readouterr().err
    )


def test_columns_of_tabbed_lines_count_from_one(tmp_path: Path):
    path = files.text_file(tmp_path, "Where?\tOù ?\t3\nWho?\tQui ?\t4\n".encode(), "zip")
    assert list(tabbed_lines(path, 2, 1)) == [(1, "Où ?", "Where?"), (2, "Qui ?", "Who?")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\tb\nc\n", r"line 2: expected tab-separated fields \(2 as in line 1\), got 1"),
        (b"a\tb\n\nc\n", r"line 3: .* got 1"),
        (b"a\tb\nc\td\te\n", r"line 2: .* got 3"),
        (b"a\nb\n", r"line 1: .*\(columns 2, 1\), got 1"),
    ],
)
def test_ragged_tabbed_lines_are_an_error_with_their_line(
    tmp_path: Path, content: bytes, message: str
):
    with pytest.raises(InputError, match=message):
        list(tabbed_lines(files.text_file(tmp_path, content, "plain"), 2, 1))


def test_a_column_zero_is_an_error(tmp_path: Path):
    with pytest.raises(InputError, match="columns 0, 1"):
        list(tabbed_lines(files.text_file(tmp_path, b"a\tb\n", "plain"), 0, 1))


def test_memory_does_not_grow_with_the_text(tmp_path: Path):
    path, other = tmp_path / "long", tmp_path / "other"
    path.write_bytes(b"a line of some length, the same again and again\n" * 200_000)  # 9.6 MB
    other.write_bytes(b"a line of some length, another one, again and again\n" * 200_000)
    tracemalloc.start()
    count = sum(1 for _ in aligned_lines(Text(path), Text(other)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 200_000
    assert peak < 4_000_000
