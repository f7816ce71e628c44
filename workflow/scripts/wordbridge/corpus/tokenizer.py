"""Repetitions and capitals as words of their own, and back.

The rules of the lesson's tokenizer (fastai 0.7) in its order. They make a small vocabulary
go further: "NASA" and "nasa" share a word, and "!!!!!" is a count and a "!".

One way to write each quotation mark, apostrophe, dash and space.

Texts as tokens, by spaCy's rules for a language and the lesson's for repeats and capitals.
"""

import os
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import chain
from multiprocessing import get_context
from types import ModuleType
from typing import Any

import spacy
from spacy.tokens import Doc

from wordbridge.corpus.pairs import Pair, TokenizedPair, keep_short
from wordbridge.errors import InputError
from wordbridge.job import exit_with_parent
from wordbridge.progress import progress

UPPER, REPEATED, WORD_REPEATED = "t_up", "tk_rep", "tk_wrep"

_CHARACTERS = re.compile(r"(\S)(\1{3,})")
_WORDS = re.compile(r"(\b\w+\W+)(\1{3,})")
_PIECES = re.compile(r"\w+|\W+")
_SIGNS = re.compile(r"([/#])")
_SPACES = re.compile(r" {2,}")
# The spacing rule has made "<br / >" of "<br />", which the lesson's own pattern then missed.
_BREAK = re.compile(r"<\s*br\s*/?\s*>", re.IGNORECASE)

_MOST = 100  # a model may write any number behind a marker
_SEPARATORS = frozenset([",", ".", "!", "?", ";", "-", "..."])


@dataclass(frozen=True)
class MarkerRules:
    """Which rules to apply; by default all, as in the lesson."""

    repeated_characters: bool = True  # "aaaa" -> tk_rep 4 a
    repeated_words: bool = True  # "no no no no" -> tk_wrep 4 no
    capitals: bool = True  # "NASA" -> t_up nasa
    lower_case: bool = True  # everything else in lower case
    spacing: bool = True  # spaces around / and #, runs of spaces become one
    line_breaks: bool = True  # <br> becomes a line end


def apply_rules(text: str, rules: MarkerRules) -> str:
    """Return ``text`` with markers for what ``rules`` name, ready to be cut into tokens."""
    if rules.repeated_characters:
        text = _CHARACTERS.sub(lambda m: f" {REPEATED} {len(m[0])} {m[1]} ", text)
    if rules.repeated_words:
        text = _WORDS.sub(lambda m: f" {WORD_REPEATED} {len(m[0]) // len(m[1])} {m[1]} ", text)
    if rules.capitals:
        text = "".join(map(_mark_capitals, _PIECES.findall(text)))
    if rules.lower_case:
        text = text.lower()
    if rules.spacing:
        text = _SPACES.sub(" ", _SIGNS.sub(r" \1 ", text))
    if rules.line_breaks:
        text = _BREAK.sub("\n", text)
    return text


def undo_rules(tokens: Sequence[str]) -> list[str]:
    """Return ``tokens`` without markers and white space, what they stand for written out.

    A marker that no fitting tokens follow, as models write them, is left out.
    """
    solid = [token for token in tokens if token.strip()]
    return _undo_characters(_undo_words(_undo_capitals(solid)))


def _mark_capitals(piece: str) -> str:
    # Two letters are as often a word in a heading as an abbreviation.
    return f" {UPPER} {piece.lower()}" if piece.isupper() and len(piece) > 2 else piece


def _undo_capitals(tokens: Sequence[str]) -> list[str]:
    plain: list[str] = []
    raised = False
    for token in tokens:
        if token == UPPER:
            raised = True
            continue
        is_marker = token in (REPEATED, WORD_REPEATED)
        plain.append(token.upper() if raised and not is_marker else token)
        raised = False
    return plain


def _undo_words(tokens: Sequence[str]) -> list[str]:
    plain: list[str] = []
    place = 0
    while place < len(tokens):
        if tokens[place] != WORD_REPEATED:
            plain.append(tokens[place])
            place += 1
            continue
        count, place = _count(tokens, place + 1)
        # What stood between the repeated words stands once behind the word.
        end = place + 1 + (place + 1 < len(tokens) and tokens[place + 1] in _SEPARATORS)
        plain.extend(list(tokens[place:end]) * count)
        place = end if count else place
    return plain


def _undo_characters(tokens: Sequence[str]) -> list[str]:
    plain: list[str] = []
    place = 0
    while place < len(tokens):
        if tokens[place] != REPEATED:
            plain.append(tokens[place])
            place += 1
            continue
        count, place = _count(tokens, place + 1)
        if not count:
            continue
        run = tokens[place] * count
        place += 1
        if plain and _belong_together(plain[-1], run):
            plain[-1] += run
        else:
            plain.append(run)
    return plain


def _count(tokens: Sequence[str], place: int) -> tuple[int, int]:
    """The count at ``place`` and the place behind it; 0 when there is none or nothing to repeat."""
    if place + 1 < len(tokens) and tokens[place].isdecimal():
        return min(int(tokens[place]), _MOST), place + 1
    return 0, place


def _belong_together(word: str, run: str) -> bool:
    """Whether a run of letters or digits goes on a word of the same kind: "so" + "oooo"."""
    return (word[-1].isdigit() and run.isdigit()) or (word[-1].isalpha() and run.isalpha())


_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))  # soft hyphen, zero widths

_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛ʼ′`´", "'"),  # noqa: RUF001 (the point is that they look alike)
        **dict.fromkeys("“”„‟″", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),  # hyphens, en dash, minus
        **dict.fromkeys("\u2014\u2015", "--"),  # as plain texts write the em dash
        "\u2026": "...",
    }
)

# French sets its quotation marks off with spaces that English and straight quotes do not have.
_GUILLEMETS = ((re.compile(r"«\s*|\s*»"), '"'), (re.compile(r"‹\s*|\s*›"), "'"))  # noqa: RUF001
_TWO_APOSTROPHES = re.compile("''")
_SPACES_punctuation = re.compile(r"\s+")


def normalise(text: str) -> str:
    """Return ``text`` with straight quotes, plain dashes and single plain spaces.

    Letters and their accents stay, each as one character (Unicode NFC). Normalised text is
    not changed by a second call.
    """
    text = unicodedata.normalize("NFC", text.translate(_INVISIBLE)).translate(_PLAIN)
    for marks, quote in _GUILLEMETS:
        text = marks.sub(quote, text)
    text = _TWO_APOSTROPHES.sub('"', text)
    return _SPACES_punctuation.sub(" ", text).strip()


_WHOLE = ("<eos>", "<bos>", "<unk>")  # spaCy would cut these at the angles

_CHUNK = 2000  # texts that a process takes at once
# Texts that make up for the start of a process: it takes 6 s of a core until spaCy is imported
# and warm, in which one that runs already cuts about 40,000 texts; two break even at 80,000.
_WORTH_A_PROCESS = 100_000


@dataclass(frozen=True)
class TokenRules(MarkerRules):
    """How texts are cut; the lesson has ``punctuation`` False and ``white_space`` True."""

    punctuation: bool = True  # quotes, dashes and spaces in one form before anything else
    white_space: bool = False  # keep tokens of white space alone


def tokenize(
    texts: Sequence[str], language: str, rules: TokenRules, processes: int = 1
) -> list[list[str]]:
    """Return the tokens of each text, in the order of ``texts`` for any number of processes.

    A corpus that is too small for several processes to save time is cut by one.
    ``language`` is a code that spaCy knows, such as "fr". Raises InputError for any other.
    """
    tokenizer(language)
    chunks = [texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]
    languages, all_rules = [language] * len(chunks), [rules] * len(chunks)
    helpers = min(processes, len(texts) // _WORTH_A_PROCESS)
    if helpers <= 1:
        here = map(_tokenize_chunk, chunks, languages, all_rules)
        return list(_shown(here, language, len(texts)))
    # A helper holds both ends of the pipe that it reads, and would wait for a dead parent for ever.
    with ProcessPoolExecutor(
        helpers, get_context("spawn"), exit_with_parent, (os.getpid(),)
    ) as pool:
        with _hidden_main():
            done = pool.map(_tokenize_chunk, chunks, languages, all_rules)
        return list(_shown(done, language, len(texts)))


def tokenize_pairs(
    pairs: Iterable[Pair],
    rules: TokenRules,
    report: Counter[str],
    max_en_tokens: int = 29,
    processes: int = 1,
) -> list[TokenizedPair]:
    """Return ``pairs`` with their tokens, in order, without long English and empty sides.

    ``report`` gets the counts by reason. Raises InputError when no pair is left.
    """
    kept = list(pairs)
    fr = tokenize([pair.fr for pair in kept], "fr", rules, processes)
    en = tokenize([pair.en for pair in kept], "en", rules, processes)
    return list(keep_short(kept, fr, en, max_en_tokens, report))


@cache
def tokenizer(language: str) -> Callable[[str], Doc]:
    """Return spaCy's rule tokenizer for ``language``; nothing is downloaded."""
    try:
        rules: Any = spacy.blank(language).tokenizer
    except ImportError as error:
        raise InputError(
            f"no tokenizer for language {language!r}: expected a code that spaCy knows, such as "
            "'fr' or 'en'; name one"
        ) from error
    for word in _WHOLE:
        rules.add_special_case(word, [{"ORTH": word}])
    cut: Callable[[str], Doc] = rules
    return cut


def _tokenize_chunk(texts: Sequence[str], language: str, rules: TokenRules) -> list[list[str]]:
    return [_tokenize_text(text, tokenizer(language), rules) for text in texts]


def _tokenize_text(text: str, cut: Callable[[str], Doc], rules: TokenRules) -> list[str]:
    plain = normalise(text) if rules.punctuation else text
    tokens = [token.text for token in cut(apply_rules(plain, rules))]
    return tokens if rules.white_space else [token for token in tokens if not token.isspace()]


def _shown(chunks: Iterable[list[list[str]]], language: str, total: int) -> Iterator[list[str]]:
    texts = chain.from_iterable(chunks)
    return progress(texts, f"tokenize {language}", total, unit="texts")


@contextmanager
def _hidden_main() -> Iterator[None]:
    """Start processes that do not run the main module again.

    A new process imports the caller's main module; under Snakemake that is the rule's
    script, which would do its whole work once more.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
