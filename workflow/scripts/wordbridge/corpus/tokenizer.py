"""Texts as tokens: spaCy's rules of a language with the lesson's rules for repeats and capitals.

The lesson's rules (fastai 0.7) keep the vocabulary small: "NASA" and "nasa" share a word, and
"!!!!!" is a count and a "!".
"""

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from itertools import chain
from multiprocessing import get_context
from types import ModuleType
from typing import Any

import spacy
from spacy.tokens import Doc

from wordbridge.corpus.pairs import Pair, TokenizedPair
from wordbridge.corpus.special_tokens import REPEATED, UPPER, WORD_REPEATED
from wordbridge.errors import InputError
from wordbridge.job import exit_with_parent
from wordbridge.progress import progress
from wordbridge.text import clean

# Reasons in the order of the report.
READ, KEPT, EMPTY, LONG = "read", "kept", "no token on one side or both", "too many English tokens"

Rules = Mapping[str, bool]  # the block tokens.rules, whose schema describes them

_SPECIAL = ("<eos>", "<bos>", "<unk>")  # spaCy would cut these at the angle brackets
_LONG_WORD = re.compile(r"\S{300}(?=\S)")  # spaCy would take hours for 100,000 signs
_CHUNK = 2000  # texts that a process takes at once
# A process takes 6 s of a core to import spaCy and warm up, as long as a running one takes for
# about 40,000 texts; two processes break even at 80,000.
_TEXTS_PER_PROCESS = 100_000


def tokenize_pairs(
    pairs: Iterable[Pair],
    rules: Rules,
    report: Counter[str],
    max_en_tokens: int,
    processes: int = 1,
) -> list[TokenizedPair]:
    """Return ``pairs`` with their tokens, in order, without long English and empty sides.

    ``report`` gets the counts by reason. Raises InputError when no pair is left.
    """
    pairs = list(pairs)
    fr_tokens = tokenize([pair.fr for pair in pairs], "fr", rules, processes)
    en_tokens = tokenize([pair.en for pair in pairs], "en", rules, processes)
    report.update(dict.fromkeys((READ, KEPT, EMPTY, LONG), 0))
    kept = []
    for pair, fr, en in zip(pairs, fr_tokens, en_tokens, strict=True):
        reason = EMPTY if not fr or not en else LONG if len(en) > max_en_tokens else KEPT
        report.update([READ, reason])
        if reason == KEPT:
            kept.append(TokenizedPair(*pair, fr, en))
    if not kept:
        raise InputError(
            f"no pair is left of {len(pairs)} after tokenization: expected some with 1 to "
            f"{max_en_tokens} English tokens, got {report[LONG]} longer and {report[EMPTY]} "
            "empty ones; raise the limit or check the corpus"
        )
    return kept


def tokenize(
    texts: Sequence[str], language: str, rules: Rules, processes: int = 1
) -> list[list[str]]:
    """Return the tokens of each text, in the order of ``texts`` for any number of processes.

    One process tokenizes a corpus that is too small for several to save time. ``language`` is
    a code that spaCy has, such as "fr". Raises InputError for any other.
    """
    _spacy_tokenizer(language)  # raises its error here, not in a process
    chunks = [texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]
    task = partial(_tokenize_chunk, language=language, rules=rules)

    def watch(results: Iterable[list[list[str]]]) -> list[list[str]]:
        tokens = chain.from_iterable(results)
        return list(progress(tokens, f"tokenize {language}", len(texts), unit="texts"))

    workers = min(processes, len(texts) // _TEXTS_PER_PROCESS)
    if workers <= 1:
        return watch(map(task, chunks))
    # A worker has both ends of the pipe that it reads, and would wait for a dead parent forever.
    context, parent = get_context("spawn"), (os.getpid(),)
    with ProcessPoolExecutor(workers, context, exit_with_parent, parent) as pool:
        with _without_main():
            results = pool.map(task, chunks)
        return watch(results)


@cache
def _spacy_tokenizer(language: str) -> Callable[[str], Doc]:
    """Return spaCy's rule-based tokenizer, which needs no download."""
    try:
        tokenizer: Any = spacy.blank(language).tokenizer
    except ImportError as error:
        raise InputError(
            f"no tokenizer for language {language!r}: expected a code that spaCy has, such as "
            "'fr' or 'en'; choose one of these"
        ) from error
    for word in _SPECIAL:
        tokenizer.add_special_case(word, [{"ORTH": word}])
    split: Callable[[str], Doc] = tokenizer
    return split


def _tokenize_chunk(texts: Sequence[str], language: str, rules: Rules) -> list[list[str]]:
    split = _spacy_tokenizer(language)
    token_lists = []
    for text in texts:
        plain = normalize(text) if rules["punctuation"] else text
        ruled = _LONG_WORD.sub(r"\g<0> ", apply_rules(plain, rules))
        tokens = [token.text for token in split(ruled)]
        token_lists.append(
            [token for token in tokens if rules["white_space"] or not token.isspace()]
        )
    return token_lists


@contextmanager
def _without_main() -> Iterator[None]:
    """Start processes that do not import the main module.

    Under Snakemake that is the rule's script, which would do its whole work once more.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛ʼ′`´", "'"),  # noqa: RUF001
        **dict.fromkeys("“”„‟″", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),  # hyphens, en dash, minus
        **dict.fromkeys("\u2014\u2015", "--"),  # as plain texts write the em dash
        "\u2026": "...",
    }
)
# French puts spaces inside its quotation marks, English and straight quotes have none.
_GUILLEMETS = ((re.compile("« ?| ?»"), '"'), (re.compile("‹ ?| ?›"), "'"))  # noqa: RUF001


def normalize(text: str) -> str:
    """Return ``text`` in Unicode NFC with straight quotes, plain dashes and single plain spaces.

    A second call changes nothing.
    """
    text = " ".join(clean(text).translate(_PLAIN).split())
    for marks, quote in _GUILLEMETS:
        text = marks.sub(quote, text)
    return text.replace("''", '"')


_CHARACTERS = re.compile(r"(\S)(\1{3,})")
_WORDS = re.compile(r"(\b\w+\W+)(\1{3,})")
_WORDS_AND_GAPS = re.compile(r"\w+|\W+")
_SIGNS = re.compile(r"([/#])")
_SPACES = re.compile(r" {2,}")
# The spacing rule turns "<br />" into "<br / >", which the lesson's own pattern then misses.
_BREAK = re.compile(r"<\s*br\s*/?\s*>", re.IGNORECASE)


def apply_rules(text: str, rules: Rules) -> str:
    """Return ``text`` with the lesson's markers, in the order of the lesson's rules."""
    if rules["repeated_characters"]:
        text = _CHARACTERS.sub(lambda m: f" {REPEATED} {len(m[0])} {m[1]} ", text)
    if rules["repeated_words"]:
        text = _WORDS.sub(lambda m: f" {WORD_REPEATED} {len(m[0]) // len(m[1])} {m[1]} ", text)
    if rules["capitals"]:
        text = "".join(map(_mark_capitals, _WORDS_AND_GAPS.findall(text)))
    if rules["lower_case"]:
        text = text.lower()
    if rules["spacing"]:
        text = _SPACES.sub(" ", _SIGNS.sub(r" \1 ", text))
    if rules["line_breaks"]:
        text = _BREAK.sub("\n", text)
    return text


def _mark_capitals(text: str) -> str:
    # Two capital letters are as often a word in a heading as an abbreviation.
    return f" {UPPER} {text.lower()}" if text.isupper() and len(text) > 2 else text
