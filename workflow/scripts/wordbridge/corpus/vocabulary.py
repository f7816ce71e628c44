"""The words that a model knows, by number."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from wordbridge.atomic import replacing
from wordbridge.corpus.escapes import escape_token, unescape_token
from wordbridge.corpus.specials import SPECIALS, UNK
from wordbridge.errors import InputError, brief, located

_HEADER = ["id", "token", "count"]


@dataclass(frozen=True)
class Vocabulary:
    """Words by id, the four special tokens first, and how often each stood in the corpus."""

    words: tuple[str, ...]
    counts: tuple[int, ...]
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Specials are left out: a corpus word that is spelled `_eos_` must not end a sentence.
        ids = {word: number for number, word in enumerate(self.words) if number >= len(SPECIALS)}
        object.__setattr__(self, "_ids", ids)

    def __len__(self) -> int:
        """Return the number of words, specials included."""
        return len(self.words)

    def ids(self, tokens: Iterable[str]) -> list[int]:
        """Return the id of each token; words not in the vocabulary get that of `_unk`."""
        return [self._ids.get(token, UNK) for token in tokens]

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """Return the word of each id. Raises ValueError for an id that no word has."""
        numbers = [int(number) for number in ids]
        for number in numbers:
            if not 0 <= number < len(self):
                raise ValueError(f"no word has id {number}: the vocabulary has {len(self)} words")
        return [self.words[number] for number in numbers]


def build_vocabulary(
    token_lists: Iterable[Sequence[str]], size: int = 40000, min_count: int = 1
) -> Vocabulary:
    """Return the ``size`` most common tokens behind the specials, ties in order of appearance.

    Tokens seen fewer than ``min_count`` times are left out, and so are corpus tokens that
    are spelled like a special. The specials have count 0.
    """
    seen = Counter(chain.from_iterable(token_lists))
    for special in SPECIALS:
        del seen[special]  # a Counter does not mind an absent key
    kept = [(word, count) for word, count in seen.most_common(size) if count >= min_count]
    words = (*SPECIALS, *(word for word, _ in kept))
    return Vocabulary(words, (0,) * len(SPECIALS) + tuple(count for _, count in kept))


def write_vocabulary(vocabulary: Vocabulary, path: str | Path) -> None:
    """Write a table of id, token and count, one word a line, tokens escaped."""
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as table:
        table.write("\t".join(_HEADER) + "\n")
        for number, (word, count) in enumerate(
            zip(vocabulary.words, vocabulary.counts, strict=True)
        ):
            table.write(f"{number}\t{escape_token(word)}\t{count}\n")


def read_vocabulary(path: str | Path) -> Vocabulary:
    """Return the vocabulary of a table that ``write_vocabulary`` wrote.

    Raises InputError when the table is missing, is not such a table, or its ids have gaps,
    its specials are not the first four, or a word stands there twice.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: no vocabulary can be read ({error}); make it again") from error
    if lines[0].split("\t") != _HEADER:
        raise _fault(path, 1, f"the columns {' '.join(_HEADER)}", lines[0])
    rows = [_row(path, place, line) for place, line in enumerate(lines[1:], start=2) if line]
    words = tuple(word for word, _ in rows)
    if words[: len(SPECIALS)] != SPECIALS:
        got = " ".join(words[: len(SPECIALS)])
        raise _fault(path, 2, f"the special tokens {' '.join(SPECIALS)} as the first ids", got)
    seen: dict[str, int] = {}
    for place, word in enumerate(words, start=2):
        if word in seen:
            raise _fault(path, place, "every word once", f"{word} as on line {seen[word]}")
        seen[word] = place
    return Vocabulary(words, tuple(count for _, count in rows))


def _row(path: str | Path, place: int, line: str) -> tuple[str, int]:
    fields = line.split("\t")
    if len(fields) != len(_HEADER) or not (fields[0].isdecimal() and fields[2].isdecimal()):
        raise _fault(path, place, "a number, a token and a count, with tabs between", line)
    if int(fields[0]) != place - 2:
        raise _fault(path, place, f"id {place - 2}, since ids count up from 0", fields[0])
    with located(f"{path}, line {place}"):
        return unescape_token(fields[1]), int(fields[2])


def _fault(path: str | Path, place: int, expected: str, got: str) -> InputError:
    return InputError(
        f"{path}, line {place}: expected {expected}, got {brief(got)!r}; "
        "correct the line, or delete the file and make it again"
    )
