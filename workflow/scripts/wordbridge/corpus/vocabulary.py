"""The vocabulary of a language, and texts as token ids of bounded length."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np

from wordbridge.corpus.ids import TokenIds, pack
from wordbridge.corpus.special_tokens import EOS, SPECIALS, UNK
from wordbridge.errors import InputError
from wordbridge.files import escape_token, read_tsv, unescape_token, write_tsv

_COLUMNS = ("id", "token", "count")
_REMEDY = "make the vocabulary again"


@dataclass(frozen=True)
class Vocabulary:
    """Words by id, the four special tokens first, and the count of each in the corpus."""

    words: tuple[str, ...]
    counts: tuple[int, ...]

    @cached_property
    def _ids(self) -> dict[str, int]:
        # Without specials: a corpus word that is spelled `_eos_` must not end a sentence.
        return {word: number for number, word in enumerate(self.words) if number >= len(SPECIALS)}

    def __len__(self) -> int:
        """Return the number of words, specials included."""
        return len(self.words)

    def ids(self, tokens: Iterable[str]) -> list[int]:
        """Return the id of each token; words not in the vocabulary get that of `_unk`."""
        return [self._ids.get(token, UNK) for token in tokens]

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """Return the word of each id. Raises IndexError for an id out of range."""
        return [self.words[int(number)] for number in ids]


def build_vocabulary(token_lists: Iterable[Sequence[str]], size: int, min_count: int) -> Vocabulary:
    """Return the ``size`` most common tokens after the specials, ties in order of appearance.

    Tokens with a count below ``min_count`` and those spelled like a special are left out. The
    specials have count 0.
    """
    counts = Counter(chain.from_iterable(token_lists))
    for special in SPECIALS:
        del counts[special]  # a Counter accepts an absent key
    kept = [(word, count) for word, count in counts.most_common(size) if count >= min_count]
    words = (*SPECIALS, *(word for word, _ in kept))
    return Vocabulary(words, (0,) * len(SPECIALS) + tuple(count for _, count in kept))


def write_vocabulary(vocabulary: Vocabulary, path: str | Path) -> None:
    """Write a table of id, token and count, one word a line, tokens escaped."""
    words = enumerate(zip(vocabulary.words, vocabulary.counts, strict=True))
    rows = ((str(number), escape_token(word), str(count)) for number, (word, count) in words)
    write_tsv(path, _COLUMNS, rows)


def read_vocabulary(path: str | Path) -> Vocabulary:
    """Return the vocabulary of a table that ``write_vocabulary`` wrote.

    Raises InputError when it is no such table, its ids have gaps, its specials are not the first
    four words, or a word occurs twice.
    """
    rows = list(read_tsv(path, _COLUMNS, _parse_row, _REMEDY))
    ids, words, counts = zip(*rows, strict=True) if rows else ((), (), ())
    first = words[: len(SPECIALS)]
    if ids != tuple(range(len(ids))) or first != SPECIALS or len(set(words)) < len(words):
        raise InputError(
            f"{path}: expected ids from 0 on, the special tokens {' '.join(SPECIALS)} first "
            f"and every word once, got others; {_REMEDY}"
        )
    return Vocabulary(words, counts)


def _parse_row(number: str, token: str, count: str) -> tuple[int, str, int]:
    return int(number), unescape_token(token), int(count)


def numericalize(
    token_lists: Iterable[Sequence[str]],
    splits: Sequence[str],
    vocabulary: Vocabulary,
    percentile: float,
    from_split: str,
    keep_eos: bool,
    versions: Sequence[str] = (),
) -> TokenIds:
    """Return every text as ids with an end of sequence, none longer than the limit.

    The limit is the ``percentile`` (0 to 100) of the lengths in the train split, or in all splits
    when ``from_split`` is "all", rounded down as in the lesson. Without ``keep_eos`` a truncated
    text has no end of sequence, as in the lesson. ``versions`` are those of the texts, as in
    ``pack``. Raises InputError when there is no text to take the limit from.
    """
    id_lists = [[*vocabulary.ids(tokens), EOS] for tokens in token_lists]
    lengths = [
        len(ids)
        for ids, split in zip(id_lists, splits, strict=True)
        if from_split == "all" or split == "train"
    ]
    if not lengths:
        raise InputError(
            "split: expected pairs in the train split, got none; lower split.valid and split.test"
        )
    limit, end = int(np.percentile(lengths, percentile)), [EOS] * keep_eos
    texts = (ids if len(ids) <= limit else ids[: limit - len(end)] + end for ids in id_lists)
    return pack(texts, splits, versions)
