"""Question pairs from the corpora of the configuration: pairs, lines of two files, or a table.

Pairs are cut down to what the lesson's two regular expressions match. Texts are read in constant
memory, large line-aligned ones in several processes. Compressed files are read in one, since they
can only be unpacked from their beginning.
"""

import os
import re
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain, count, islice
from pathlib import Path
from re import _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from wordbridge.corpus.pairs import Pair, read_pairs
from wordbridge.errors import InputError
from wordbridge.job import map_in_processes
from wordbridge.text import Text, aligned_parts, clean, clean_lines, is_plain, one_line, read_lines

Key = TypeVar("Key")
Line = tuple[int, str, str]  # the number of a line from 1, the French and the English line
Matcher = Callable[[str], "re.Match[str] | None"]

# Reasons in the order of the report.
READ, KEPT = "read", "kept"
EMPTY = "empty on one side or both"
ENGLISH, FRENCH, NEITHER = "English does not match", "French does not match", "neither matches"
LONG = "too many characters"
HEADING = "header line"  # only in the reports of corpora with one
REASONS = (READ, KEPT, EMPTY, ENGLISH, FRENCH, NEITHER, LONG)
_SAME = "same text on both sides"  # of the pairs that are kept; in no report

_INSIDE = r'(?:[^"]++|"")*+'  # a quoted field; it may have tabs and line ends
_FIELD = rf'(?:"({_INSIDE})"|((?:[^"\t\n][^\t\n]*+)?))'
_FIELDS = re.compile(rf"{_FIELD}[\t\n]")
_QUOTED_ROW = re.compile(rf"{_FIELD}(?:\t{_FIELD})*\n")
_OPEN_ROW = re.compile(rf'(?:{_FIELD}\t)*"{_INSIDE}')
_HEADER_NAMES = {"fr", "en", "french", "english", "français", "anglais", "source", "target"}
# ASCII characters that ``clean`` keeps and does not make of others.
_KEPT = {*map(chr, range(0x21, 0x7F))} - {*";K`"}
_MAX_ROW = 10_000  # characters of a row whose quoted field has line ends
# Bytes of two texts. One process reads as many in the time that several take to start.
_LARGE = 200_000_000
_PART = 1 << 23  # bytes of a French text that a process reads at once


def extract_corpus(
    corpus: Mapping[str, Any],
    files: Mapping[str, str],
    questions: Mapping[str, Any],
    report: Counter[str],
    processes: int = 1,
) -> Iterator[Pair]:
    """Yield the question pairs of ``corpus``, of kind pairs, lines or table, read from ``files``.

    ``questions`` has fr_pattern, en_pattern and max_characters, as in ``extract_questions``. Pairs,
    ``report`` and errors are the same for any number of ``processes``.
    """
    if corpus["kind"] == "pairs":
        rows = ((pair, pair.fr, pair.en) for pair in read_pairs(files["pairs"]))
        for pair, fr, en in extract_questions(rows, report=report, **questions):
            yield pair._replace(fr=fr, en=en)
        return
    if corpus["kind"] == "table":
        table = tabbed_lines(files["table"], corpus["fr_column"], corpus["en_column"])
        lines = extract_questions(_without_header(table, report), report=report, **questions)
    elif processes > 1 and _is_large(files["fr"], files["en"]):
        lines = _extract_large(files["fr"], files["en"], questions, report, processes)
    else:
        lines = _extract_lines(Text(files["fr"]), Text(files["en"]), questions, report)
    # Only matching lines become pairs: several times faster for millions of lines.
    for number, fr, en in lines:
        yield Pair(str(number), str(number), fr, en)


def _is_large(*paths: str) -> bool:
    return all(map(is_plain, paths)) and sum(map(os.path.getsize, paths)) > _LARGE


def _extract_large(
    fr_path: str, en_path: str, questions: Mapping[str, Any], report: Counter[str], processes: int
) -> Iterator[Line]:
    """Yield as ``_extract_lines`` does for whole texts; several processes read their parts."""
    rest = Text(fr_path), Text(en_path)
    parts = aligned_parts(fr_path, en_path, _PART)
    extract = partial(_extract_part, questions=questions)
    try:
        for lines, counts, end in map_in_processes(extract, parts, processes):
            report.update(counts)
            yield from lines
            rest = end
        # Read here, since no error of a part may follow the warning about blank lines at the end.
        yield from _extract_lines(*rest, questions, report, is_part=True)
    except InputError:
        # Of several faults one process reports the first in its blocks, which begin elsewhere.
        deque(_extract_lines(Text(fr_path), Text(en_path), questions, Counter()), maxlen=0)
        raise
    _check_kept(report, questions["fr_pattern"], questions["en_pattern"])


def _extract_part(
    part: tuple[Text, Text], questions: Mapping[str, Any]
) -> tuple[list[Line], Counter[str], tuple[Text, Text]]:
    """Return the questions in a part of two texts, the counts, and the texts after the part."""
    fr, en = part
    counts: Counter[str] = Counter()
    lines = list(_extract_lines(fr, en, questions, counts, is_part=True))
    return lines, counts, (fr.rest(), en.rest())


def _extract_lines(
    fr: Text, en: Text, questions: Mapping[str, Any], report: Counter[str], is_part: bool = False
) -> Iterator[Line]:
    fr_needs = _needed_character(questions["fr_pattern"])
    en_needs = _needed_character(questions["en_pattern"])
    if fr_needs and en_needs:
        lines = _candidate_lines(fr, en, fr_needs, en_needs, report)
    else:
        lines = aligned_lines(fr, en)
    lines = _without_header(lines, report)
    return extract_questions(lines, report=report, is_part=is_part, **questions)


def _without_header(lines: Iterator[Line], report: Counter[str]) -> Iterator[Line]:
    first = [*islice(lines, 1)]
    for number, *fields in first:
        if number == 1 and {field.strip().casefold() for field in fields} <= _HEADER_NAMES:
            report[HEADING] += 1
            return lines
    return chain(first, lines)


def extract_questions(
    rows: Iterable[tuple[Key, str, str]],
    fr_pattern: str | None,
    en_pattern: str | None,
    report: Counter[str],
    max_characters: int | None,
    is_part: bool = False,
) -> Iterator[tuple[Key, str, str]]:
    """Yield the ``rows`` (key, French, English) cut down to what the patterns match, in order.

    The pattern None keeps whole sentences. ``report`` gets the counts by reason. Raises
    InputError for an invalid pattern and, at the end, when no row is kept or both sides of all
    that are kept are the same. This is not checked for rows that are a part of a corpus.
    """
    match_fr, match_en = _compile(fr_pattern, "fr_pattern"), _compile(en_pattern, "en_pattern")
    report.update(dict.fromkeys(REASONS, 0))  # in this order; rows may be counted elsewhere
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
    counts = (read, kept, empty, english, french, neither, long, same)
    report.update(dict(zip((*REASONS, _SAME), counts, strict=True)))
    if not is_part:
        _check_kept(report, fr_pattern, en_pattern)


def _check_kept(report: Counter[str], fr_pattern: str | None, en_pattern: str | None) -> None:
    """Raise InputError for no pair and for one text on both sides; few pairs are a warning."""
    kept, read, same = report[KEPT], report[READ], report.pop(_SAME)
    remedy = (
        f"check fr_pattern ({fr_pattern}), en_pattern ({en_pattern}), and that French and English "
        "are not swapped"
    )
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


def _needed_character(pattern: str | None) -> str:
    """Return an ASCII character that each match of ``pattern`` contains, "" if none is certain."""
    try:
        parsed = _parser.parse(clean(pattern or ""))
    except re.error:
        return ""  # reported by _compile
    characters = () if parsed.state.flags & re.IGNORECASE else _literals(parsed)
    # The rarest: signs, then capitals.
    return min(characters, key=lambda c: (c.isalnum(), c.islower()), default="")


def _literals(parsed: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    """Yield characters that each match of a parsed pattern contains.

    A match of a sequence is one of each of its parts in turn. Of these a literal, a group in which
    case counts and a repetition of at least one time need their characters. Other parts, such as
    branches and assertions, need none or yield none here.
    """
    for kind, value in parsed:
        if kind is _parser.LITERAL and chr(value) in _KEPT:
            yield chr(value)
        elif kind is _parser.SUBPATTERN and not value[1] & re.IGNORECASE:
            yield from _literals(value[3])
        elif kind in (_parser.MAX_REPEAT, _parser.MIN_REPEAT) and value[0] > 0:
            yield from _literals(value[2])


def aligned_lines(fr: Text, en: Text) -> Iterator[Line]:
    """Yield (line number from 1, French line, English line) of two line-aligned texts.

    Blank lines at the end of one text alone are a warning, and empty lines of both. Raises
    InputError as ``read_lines`` does, and when the texts have different line counts otherwise.
    """
    fr_lines, en_lines = fr.lines(), en.lines()
    # Iterators in C pass the lines on, so that no Python code runs for a single line here.
    fr_flat, en_flat = chain.from_iterable(fr_lines), chain.from_iterable(en_lines)
    yield from zip(count(fr.count + 1), fr_flat, en_flat, strict=False)
    yield from _surplus_lines(fr, en, chain(fr_lines, en_lines))


def _surplus_lines(fr: Text, en: Text, rest: Iterable[object]) -> Iterator[Line]:
    deque(rest, maxlen=0)  # the longer text to its end, for its count
    if fr.count == en.count:
        return
    shorter, longer = sorted((fr, en), key=lambda text: text.count)
    if any(line.strip() for line in islice(read_lines(longer.path), shorter.count, None)):
        raise InputError(
            f"expected line-aligned texts, got {fr.count} lines in {fr.path} and {en.count} in "
            f"{en.path}; check that both are complete and belong together"
        )
    print(
        f"warning: {longer.path}: expected {shorter.count} lines as in the other text, got "
        f"{longer.count}; the last ones are blank",
        file=sys.stderr,
    )
    yield from ((number, "", "") for number in range(shorter.count + 1, longer.count + 1))


def _candidate_lines(
    fr: Text, en: Text, fr_needs: str, en_needs: str, report: Counter[str]
) -> Iterator[Line]:
    """Yield as ``aligned_lines`` does, except for most lines that match neither pattern.

    A match contains the character ``fr_needs`` or ``en_needs``. The lines that are skipped have
    text on both sides and neither character; ``report`` counts them. Line 1 may be a header and
    is always there.
    """
    fr_parts, en_parts = _parts(fr, fr_needs), _parts(en, en_needs)
    line = fr.count + 1
    fr_part, en_part = next(fr_parts, None), next(en_parts, None)
    while fr_part and en_part:
        size = min(len(fr_part.ends), len(en_part.ends))
        kept = (fr_part.mask[:size] | en_part.mask[:size]).nonzero()[0]
        yield from zip(
            (line + kept).tolist(), fr_part.lines(kept), en_part.lines(kept), strict=True
        )
        for reason in (READ, NEITHER):
            report[reason] += size - len(kept)
        line += size
        fr_part = fr_part.after(size) or next(fr_parts, None)
        en_part = en_part.after(size) or next(en_parts, None)
    yield from _surplus_lines(fr, en, chain(fr_parts, en_parts))


class _Part(NamedTuple):
    """Lines of a text with their offsets in ``data``, and which may match or be empty."""

    data: bytes
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    mask: NDArray[np.bool_]

    def lines(self, rows: NDArray[np.int64]) -> list[str]:
        """Return the clean lines at ``rows``, from 0."""
        spans = zip(self.starts[rows].tolist(), self.ends[rows].tolist(), strict=True)
        return clean_lines([self.data[start:end] for start, end in spans])

    def after(self, size: int) -> "_Part | None":
        """Return the lines after the first ``size``, None if there are none."""
        if size == len(self.ends):
            return None
        return _Part(self.data, self.starts[size:], self.ends[size:], self.mask[size:])


def _parts(text: Text, character: str) -> Iterator[_Part]:
    """Yield the blocks of ``text``; lines with the ASCII ``character`` may match."""
    for data, codes, ends in text.blocks():
        starts = np.zeros_like(ends)
        starts[1:] = ends[:-1] + 1
        first = codes[starts]
        # Lines that start with ! to ~ or U+00C0 to U+02FF are not blank.
        mask = (first - ord("!") > ord("~") - ord("!")) & (first - 0xC3 > 0xCB - 0xC3)
        mask[ends.searchsorted(_find_all(data, character.encode()))] = True
        mask[:1] |= text.count == len(ends)  # line 1
        yield _Part(data, starts, ends, mask)


def _find_all(data: bytes, character: bytes) -> list[int]:
    """Return the offsets of ``character``; faster than in an array for a rare one."""
    offsets, offset = [], -1
    while (offset := data.find(character, offset + 1)) >= 0:
        offsets.append(offset)
    return offsets


def tabbed_lines(path: str | Path, fr_column: int, en_column: int) -> Iterator[Line]:
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
                    f"{len(fields)}; put tabs between them, or correct the column numbers (from 1)"
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
