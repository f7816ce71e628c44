"""Question pairs out of parallel verses: split, align in order, cut to the question, filter."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from wordbridge.corpus.interrogatives import (
    ENGLISH,
    FRENCH,
    TRANSLATIONS,
    Language,
    Opening,
    find_opening,
)
from wordbridge.corpus.pairs import Pair, one_line
from wordbridge.corpus.verses import Reference
from wordbridge.errors import InputError

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
    shortest_ratio: float = 0.55  # French words / English words; the median is 1.0
    longest_ratio: float = 1.85
    slack: int = 4  # words of difference that pass whatever the ratio


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
) -> Opening | None:
    """Return the question in ``sentence`` with a capital, None when there is none to keep."""
    refused = [
        name
        for name, on in (
            ("when", options.when_before_auxiliary),
            ("relative", options.refuse_relatives),
        )
        if on
    ]
    found = find_opening(sentence, language, refused, options.drop_introducers)
    if found is None and not word_required:
        found = Opening("", sentence, "", "nothing")
    if found is None:
        return None
    text = found.text if options.drop_conjunctions else found.lead + found.text
    return found._replace(text=text[0].upper() + text[1:])


def _fault(fr: Opening, en: Opening, options: SentenceOptions) -> str | None:
    """Return the reason to refuse the pair, None when there is none."""
    if options.same_kind and fr.kind and en.kind and fr.kind not in TRANSLATIONS[en.kind]:
        return KIND
    if options.same_condition and {fr.cut, en.cut} == {"condition", "nothing"}:
        return CONDITION
    fr_words, en_words = len(_WORD.findall(fr.text)), len(_WORD.findall(en.text))
    return None if is_alike(fr_words, en_words, options) else RATIO


def is_alike(fr_words: int, en_words: int, options: SentenceOptions) -> bool:
    """Return whether texts of so many words may be translations of each other."""
    within = options.shortest_ratio * en_words <= fr_words <= options.longest_ratio * en_words
    return within or abs(fr_words - en_words) <= options.slack
