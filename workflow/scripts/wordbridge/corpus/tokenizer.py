"""Texts as tokens: spaCy's rules of a language with the lesson's rules for repeats and capitals.

The lesson's rules (fastai 0.7) keep the vocabulary small: "NASA" and "nasa" share a word, and
"!!!!!" is a count and a "!".
"""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from numpy.typing import NDArray
from spacy.lang.char_classes import ALPHA, ALPHA_LOWER
from spacy.tokenizer import Tokenizer
from spacy.vocab import Vocab

from wordbridge.corpus.pairs import Pair, TokenizedPair
from wordbridge.corpus.special_tokens import REPEATED, UPPER, WORD_REPEATED
from wordbridge.errors import InputError, shorten
from wordbridge.files import atomic_write
from wordbridge.job import map_in_processes
from wordbridge.progress import progress
from wordbridge.text import clean

# Reasons in the order of the report.
READ, KEPT, EMPTY, LONG = "read", "kept", "no token on one side or both", "too many English tokens"

Rules = Mapping[str, bool]  # the block tokens.rules, whose schema describes them

_SPECIAL = ("<eos>", "<bos>", "<unk>")  # spaCy would cut these at the angle brackets
_LONG_WORD = re.compile(r"\S{300}(?=\S)")  # spaCy would take hours for 100,000 signs
_CHUNK = 2000  # texts that a process takes at once
# A process takes 5 s of a core to import spaCy and build the French tokenizer, as long as a running
# one takes for about 240,000 texts.
_TEXTS_PER_PROCESS = 250_000


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

    A corpus that is too small for several processes to save time has one. ``language`` is "fr" or
    "en".
    """
    chunks = [texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]
    task = partial(_tokenize_chunk, language=language, rules=rules)
    workers = min(processes, len(texts) // _TEXTS_PER_PROCESS)
    results = map_in_processes(task, chunks, workers) if workers > 1 else map(task, chunks)
    tokens = chain.from_iterable(results)
    return list(progress(tokens, f"tokenize {language}", len(texts), unit="texts"))


def _tokenize_chunk(texts: Sequence[str], language: str, rules: Rules) -> list[list[str]]:
    return tokenize_texts(texts, build_tokenizer(language), rules)


# ---- spaCy's tokenizers --------------------------------------------------------------------------


@cache
def build_tokenizer(language: str) -> Tokenizer:
    """Return spaCy's rule-based tokenizer for "fr" or "en", which needs no download."""
    tokenizer: Any = spacy.blank(language).tokenizer
    for word in _SPECIAL:
        tokenizer.add_special_case(word, [{"ORTH": word}])
    if language == "fr":
        pattern = _without_case_folding(_by_ending(tokenizer.token_match.__self__.pattern))
        tokenizer.token_match = re.compile(pattern).match
    built: Tokenizer = tokenizer
    return built


def write_tokenizer(path: str | Path, language: str) -> None:
    """Write the tokenizer of ``language``, which is read without the import of spaCy's French."""
    with atomic_write(path) as partial:
        partial.write_bytes(build_tokenizer(language).to_bytes())


def read_tokenizer(path: str | Path) -> Tokenizer:
    """Return the tokenizer in a file. Raises InputError when it is missing or damaged."""
    try:
        return Tokenizer(Vocab()).from_bytes(Path(path).read_bytes())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: expected the tokenizer of a run, got {shorten(error)}; run snakemake again"
        ) from None


def _by_ending(pattern: str) -> str:
    """Return a pattern of spaCy that matches the same texts and has equal endings once.

    An ending begins with a set of all letters, which takes milliseconds to compile. Of the 266
    alternatives in French 254 have one of three endings.
    """
    flags, _, alternatives = pattern.partition("(?:^")
    starts: dict[str, list[str]] = {}
    for alternative in alternatives.removesuffix(")").split(")|(?:^"):
        start, letters, end = alternative.partition(f"[{ALPHA_LOWER}")
        starts.setdefault(letters + end, []).append(start)
    return flags + "|".join(f"^(?:{'|'.join(starts[end])}){end}" for end in starts)


def _without_case_folding(pattern: str) -> str:
    """Return a pattern of spaCy with the same matches that compiles four times as fast.

    Python folds the case of each letter of each set in a pattern that ignores case; here the sets
    have both cases already.
    """
    for letters in (ALPHA, ALPHA_LOWER):
        matches = re.compile(f"[{letters}]", re.IGNORECASE).match
        codes = np.array([code for code in range(sys.maxunicode + 1) if matches(chr(code))])
        runs = np.split(codes, np.flatnonzero(np.diff(codes) > 1) + 1)
        both = "".join(f"{chr(run[0])}-{chr(run[-1])}" for run in runs).replace("\\", r"\\")
        inside = r"\[([^\[\]]*)" + re.escape(letters) + r"([^\[\]]*)\]"
        pattern = re.sub(inside, rf"(?-i:[\1{both}\2])", pattern)
    return pattern


# ---- The lesson's rules, and the normalization before them ---------------------------------------

_PLAIN = {
    **dict.fromkeys("‘’‚‛ʼ′`´", "'"),  # noqa: RUF001
    **dict.fromkeys("“”„‟″", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),  # hyphens, en dash, minus
    **dict.fromkeys("\u2014\u2015", "--"),  # as plain texts write the em dash
    "\u2026": "...",
}
_TO_PLAIN = str.maketrans(_PLAIN)
# French puts spaces inside its quotation marks, English and straight quotes have none.
_GUILLEMETS = ((re.compile("« ?| ?»"), '"'), (re.compile("‹ ?| ?›"), "'"))  # noqa: RUF001


def normalize(text: str) -> str:
    """Return ``text`` in Unicode NFC with straight quotes, plain dashes and single plain spaces.

    A second call changes nothing.
    """
    text = " ".join(clean(text).translate(_TO_PLAIN).split())
    for marks, quote in _GUILLEMETS:
        text = marks.sub(quote, text)
    return text.replace("''", '"')


_REPEATED_CHARACTER = re.compile(r"(\S)(\1{3,})")
_REPEATED_WORD = re.compile(r"(\b\w+\W+)(\1{3,})")
_WORDS_AND_GAPS = re.compile(r"\w+|\W+")
_SPACED_SIGNS = re.compile(r"([/#])")
_SPACES = re.compile(r" {2,}")
# The spacing rule turns "<br />" into "<br / >", which the lesson's own pattern then misses.
_BREAK = re.compile(r"<\s*br\s*/?\s*>", re.IGNORECASE)


def apply_rules(text: str, rules: Rules) -> str:
    """Return ``text`` with the lesson's markers, in the order of the lesson's rules."""
    if rules["repeated_characters"]:
        text = _REPEATED_CHARACTER.sub(lambda m: f" {REPEATED} {len(m[0])} {m[1]} ", text)
    if rules["repeated_words"]:
        text = _REPEATED_WORD.sub(
            lambda m: f" {WORD_REPEATED} {len(m[0]) // len(m[1])} {m[1]} ", text
        )
    if rules["capitals"]:
        text = "".join(map(_mark_capitals, _WORDS_AND_GAPS.findall(text)))
    if rules["lower_case"]:
        text = text.lower()
    if rules["spacing"]:
        text = _SPACES.sub(" ", _SPACED_SIGNS.sub(r" \1 ", text))
    if rules["line_breaks"]:
        text = _BREAK.sub("\n", text)
    return text


def _mark_capitals(text: str) -> str:
    # Two capital letters are as often a word in a heading as an abbreviation.
    return f" {UPPER} {text.lower()}" if text.isupper() and len(text) > 2 else text


# ---- Texts ---------------------------------------------------------------------------------------


def tokenize_texts(texts: Sequence[str], tokenizer: Tokenizer, rules: Rules) -> list[list[str]]:
    """Return the tokens of each text, as ``_tokenize_text`` does; much faster for most texts.

    All texts are normalized at once. A text that the other rules leave as it is has the tokens of
    its words, as spaCy cuts a text at spaces first. Each word is tokenized once.
    """
    lines = "\n".join(texts)
    if rules["punctuation"]:
        lines = clean(lines)
        for mark, replacement in _PLAIN.items():
            lines = lines.replace(mark, replacement)
    is_changed = _rules_may_apply(lines)
    if rules["lower_case"]:
        lines = lines.lower()
    if len(is_changed) != len(texts):  # some text has several lines
        return [_tokenize_text(text, tokenizer, rules) for text in texts]

    @cache
    def word_tokens(word: str) -> list[str]:
        return [token.text for token in tokenizer(word)]

    return [
        _tokenize_text(text, tokenizer, rules)
        if changed
        else list(chain.from_iterable(map(word_tokens, line.split(" "))))
        for text, line, changed in zip(texts, lines.split("\n"), is_changed.tolist(), strict=True)
    ]


def _tokenize_text(text: str, tokenizer: Tokenizer, rules: Rules) -> list[str]:
    plain = normalize(text) if rules["punctuation"] else text
    marked = _LONG_WORD.sub(r"\g<0> ", apply_rules(plain, rules))
    tokens = [token.text for token in tokenizer(marked)]
    return [token for token in tokens if rules["white_space"] or not token.isspace()]


# Tables by character. The last entry is for all characters from U+0300; a rule may change those.
_CHARACTERS = [chr(code) for code in range(0x300)]
_IS_WORD_CHARACTER = np.array([re.match(r"\w", c) is not None for c in _CHARACTERS] + [False])
_HAS_RULE = np.array([re.match(r"[/#<«»]|[^\S \n]", c) is not None for c in _CHARACTERS] + [True])


def _rules_may_apply(lines: str) -> NDArray[np.bool_]:
    """Return whether a rule may change each line (lines,), apart from _PLAIN and lower case.

    False is certain. True are all lines that a rule changes and few others.
    """
    codes = np.frombuffer(f"\n{lines}\n".encode("utf-32-le", "surrogatepass"), np.uint32)
    codes = np.minimum(codes, len(_CHARACTERS))
    is_gap = (codes == ord(" ")) | (codes == ord("\n"))
    is_lower = (codes >= ord("a")) & (codes <= ord("z"))
    is_as_previous = np.append(False, codes[1:] == codes[:-1])
    applies = _HAS_RULE[codes]  # a rule may apply at this character
    applies |= _ends_run(is_gap, 2)  # outer spaces, two spaces, an empty text
    applies |= _ends_run(codes == ord("'"), 2)
    applies |= _ends_run(~is_gap & ~is_lower, 3)  # words of capitals have at least three
    applies |= _ends_run(is_as_previous, 3)  # four equal characters
    gaps = is_gap.nonzero()[0]
    applies[gaps[:-1][np.diff(gaps) > 100] + 1] = True  # long words, with a margin for lower case
    applies[_repeated_words(codes)] = True  # four equal words with equal gaps
    ends = (codes == ord("\n")).nonzero()[0]
    return np.logical_or.reduceat(applies, ends[:-1] + 1)


def _ends_run(condition: NDArray[np.bool_], length: int) -> NDArray[np.bool_]:
    """Return where ``condition`` is true for the last ``length`` characters (characters,)."""
    ends = condition.copy()
    for shift in range(1, length):
        ends[shift:] &= condition[:-shift]
    return ends


def _repeated_words(codes: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return where four words begin at equal distances, with the first character of the last."""
    is_word = _IS_WORD_CHARACTER[codes]
    starts = (is_word[1:] & ~is_word[:-1]).nonzero()[0] + 1
    distances = np.diff(starts)
    is_regular = (distances[:-2] == distances[1:-1]) & (distances[1:-1] == distances[2:])
    is_alike = codes[starts[:-3]] == codes[starts[3:]]
    repeated: NDArray[np.int64] = starts[:-3][is_regular & is_alike]
    return repeated
