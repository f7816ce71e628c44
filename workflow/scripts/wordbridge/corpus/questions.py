"""Question pairs from the corpora of the configuration: pairs, lines of two files, or a table.

Pairs are cut down to what the lesson's two regular expressions match. Texts are read in constant
memory.
"""

import re
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, count
from pathlib import Path
from typing import Any, TypeVar

from wordbridge.corpus.pairs import Pair, read_pairs
from wordbridge.errors import InputError
from wordbridge.text import Text, clean, one_line, read_lines

Key = TypeVar("Key")
Matcher = Callable[[str], "re.Match[str] | None"]

# Reasons in the order of the report.
READ, KEPT = "read", "kept"
EMPTY = "empty on one side or both"
ENGLISH, FRENCH, NEITHER = "English does not match", "French does not match", "neither matches"
LONG = "too many characters"
HEADING = "heading"  # only in the reports of corpora with one
REASONS = (READ, KEPT, EMPTY, ENGLISH, FRENCH, NEITHER, LONG)

_INSIDE = r'(?:[^"]++|"")*+'  # a quoted field; it may have tabs and line ends
_FIELD = rf'(?:"({_INSIDE})"|((?:[^"\t\n][^\t\n]*+)?))'
_FIELDS = re.compile(rf"{_FIELD}[\t\n]")
_QUOTED_ROW = re.compile(rf"{_FIELD}(?:\t{_FIELD})*\n")
_OPEN_ROW = re.compile(rf'(?:{_FIELD}\t)*"{_INSIDE}')
_HEADINGS = {"fr", "en", "french", "english", "français", "anglais", "source", "target"}
_MAX_ROW = 10_000  # characters of a row whose quoted field has line ends


def extract_corpus(
    corpus: Mapping[str, Any],
    files: Mapping[str, str],
    questions: Mapping[str, Any],
    report: Counter[str],
) -> Iterator[Pair]:
    """Yield the question pairs of ``corpus``, of kind pairs, lines or table, read from ``files``.

    ``questions`` has fr_pattern, en_pattern and max_characters, as in ``extract_questions``.
    """
    if corpus["kind"] == "pairs":
        rows = ((pair, pair.fr, pair.en) for pair in read_pairs(files["pairs"]))
        for pair, fr, en in extract_questions(rows, report=report, **questions):
            yield pair._replace(fr=fr, en=en)
        return
    if corpus["kind"] == "lines":
        lines = aligned_lines(files["fr"], files["en"])
    else:
        lines = tabbed_lines(files["table"], corpus["fr_column"], corpus["en_column"])
    first = next(lines)
    if {str(field).strip().casefold() for field in first[1:]} <= _HEADINGS:
        report[HEADING] += 1
    else:
        lines = chain([first], lines)
    # Only matching lines become pairs: several times faster for millions of lines.
    for number, fr, en in extract_questions(lines, report=report, **questions):
        yield Pair(str(number), str(number), fr, en)


def extract_questions(
    rows: Iterable[tuple[Key, str, str]],
    fr_pattern: str | None,
    en_pattern: str | None,
    report: Counter[str],
    max_characters: int | None,
) -> Iterator[tuple[Key, str, str]]:
    """Yield the ``rows`` (key, French, English) cut down to what the patterns match, in order.

    The pattern None keeps whole sentences. ``report`` gets the counts by reason. Raises
    InputError for an invalid pattern and, at the end, when no row is kept or both sides of all
    that are kept are the same.
    """
    match_fr, match_en = _compile(fr_pattern, "fr_pattern"), _compile(en_pattern, "en_pattern")
    limit = float("inf") if max_characters is None else max_characters
    read = kept = empty = english = french = long = same = 0  # faster than a Counter
    for key, fr, en in rows:
        read += 1
        fr, en = fr.strip(), en.strip()
        fr_match, en_match = match_fr(fr), match_en(en)
        if fr_match and en_match:
            fr_text, en_text = fr_match.group(), en_match.group()
            if not fr_text.strip() or not en_text.strip():
                empty += 1
            elif len(fr_text) > limit or len(en_text) > limit:
                long += 1
            else:
                kept += 1
                same += fr_text == en_text
                yield key, fr_text, en_text
        elif not fr or not en:
            empty += 1
        elif fr_match:
            english += 1
        elif en_match:
            french += 1
    neither = read - kept - empty - english - french - long
    counts = zip(REASONS, (read, kept, empty, english, french, neither, long), strict=True)
    report.update(dict(counts))
    _check_kept(report, same, f"fr_pattern ({fr_pattern}), en_pattern ({en_pattern})")


def _check_kept(report: Mapping[str, int], same: int, patterns: str) -> None:
    """Raise InputError for no pair and for one text on both sides; few pairs are a warning."""
    kept, read = report[KEPT], report[READ]
    remedy = f"check {patterns}, and that French and English are not swapped"
    if not kept:
        reasons = ", ".join(f"{report[name]} {name}" for name in REASONS[2:] if report[name])
        raise InputError(
            f"expected sentence pairs that match the patterns, got none in {read} ({reasons}); "
            f"{remedy}"
        )
    if same == kept:
        raise InputError(
            f"expected French and English texts, got the same text on both sides of all {kept} "
            "pairs; name the file or column of each language"
        )
    if kept < read / 10:
        print(f"warning: {kept} of {read} pairs are kept; if too few, {remedy}", file=sys.stderr)


def _compile(pattern: str | None, key: str) -> Matcher:
    try:
        compiled = re.compile(clean(pattern or r"^(?s:.*)"))
    except re.error as error:
        raise InputError(
            f"{key}: expected a regular expression, got {pattern!r} ({error}); correct it or set "
            "it to null to keep whole sentences"
        ) from error
    # Search would try an anchored pattern again at every character.
    anchored = compiled.pattern.startswith("^") and "|" not in compiled.pattern
    return compiled.match if anchored else compiled.search


def aligned_lines(fr_path: str | Path, en_path: str | Path) -> Iterator[tuple[int, str, str]]:
    """Yield (line number from 1, French line, English line) of two line-aligned texts.

    Raises InputError as ``read_lines`` does, and when the texts have different line counts.
    """
    fr, en = Text(fr_path), Text(en_path)
    fr_blocks, en_blocks = fr.blocks(), en.blocks()
    # Iterators in C pass the lines on, so that no Python code runs for a single line here.
    yield from zip(
        count(1), chain.from_iterable(fr_blocks), chain.from_iterable(en_blocks), strict=False
    )
    deque(chain(fr_blocks, en_blocks), maxlen=0)  # the longer text to its end, for its count
    if fr.count != en.count:
        raise InputError(
            f"expected line-aligned texts, got {fr.count} lines in {fr_path} and {en.count} in "
            f"{en_path}; check that both are complete and belong together"
        )


def tabbed_lines(
    path: str | Path, fr_column: int, en_column: int
) -> Iterator[tuple[int, str, str]]:
    """Yield (line number, French field, English field) of a tab-separated text.

    Line numbers and columns count from 1. Fields may be quoted, as spreadsheets and pandas write
    them. Raises InputError as ``read_lines`` does, and for a line that lacks a column or has
    another number of fields than the first.
    """
    fr, en = fr_column - 1, en_column - 1
    width = 0
    for number, fields in _rows(path):
        if fields == [""]:
            yield number, "", ""  # counted as empty
            continue
        if len(fields) != width:
            if width or not 0 <= min(fr, en) <= max(fr, en) < len(fields):
                expected = f"{width} as in line 1" if width else f"columns {fr_column}, {en_column}"
                raise InputError(
                    f"{path}, line {number}: expected tab-separated fields ({expected}), got "
                    f"{len(fields)}; correct the line or the column numbers (from 1)"
                )
            width = len(fields)
        yield number, fields[fr], fields[en]


def _rows(path: str | Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the first line of each row, and its fields."""
    if not _is_quoted(path):
        yield from ((n, line.split("\t")) for n, line in enumerate(read_lines(path), start=1))
        return
    print(f"{path}: fields are read without the quotes around them", file=sys.stderr)
    for number, row in _quoted_rows(path):
        fields = _FIELDS.findall(row)
        yield number, [one_line(text.replace('""', '"') or field) for text, field in fields]


def _is_quoted(path: str | Path) -> bool:
    """Return whether a table has fields that begin with a quote, and all these are quoted."""
    is_quoted = False
    for _, row in _quoted_rows(path):
        if row[0] == '"' or '\t"' in row:
            if not _QUOTED_ROW.fullmatch(row):
                return False
            is_quoted = True
    return is_quoted


def _quoted_rows(path: str | Path) -> Iterator[tuple[int, str]]:
    """Yield the number of the first line of each row, and the row up to its closing quote."""
    first, row = 1, ""
    for number, line in enumerate(read_lines(path), start=1):
        row += f"{line}\n"
        if '"' not in row or len(row) > _MAX_ROW or not _OPEN_ROW.fullmatch(row):
            yield first, row
            first, row = number + 1, ""
    if row:
        yield first, row
