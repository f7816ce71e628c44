"""Texts as tokens, by spaCy's rules for a language and the lesson's for repeats and capitals."""

import os
import sys
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

from wordbridge.corpus.markers import MarkerRules, mark
from wordbridge.corpus.pairs import Pair
from wordbridge.corpus.punctuation import normalise
from wordbridge.corpus.tokenized import TokenizedPair, keep_short
from wordbridge.errors import InputError
from wordbridge.lifeline import end_with
from wordbridge.progress import progress

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
    with ProcessPoolExecutor(helpers, get_context("spawn"), end_with, (os.getpid(),)) as pool:
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
    tokens = [token.text for token in cut(mark(plain, rules))]
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
