"""The words that one can search with, and their vectors, in a form that opens at once.

Which words a table for searching holds: those that are needed, and the source's own.

The words of a name or short question that say something, in French and in English.
"""

import bisect
import json
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from wordbridge.arrays import map_npy
from wordbridge.errors import InputError
from wordbridge.files import atomic_write, read_json
from wordbridge.search.index import Vectors
from wordbridge.vectors.protocol import ListedVectors, Mask, WordVectors

WORDS, VECTORS, RANKS, DESCRIPTION = "words.txt", "vectors.npy", "ranks.npy", "words.json"
DTYPES = ("float32", "float16")

_FORMAT = 1
_SUGGESTIONS = 3
_LIKELY = 100  # of so many that are spelled alike the likeliest are named


@dataclass(frozen=True, eq=False)
class WordTable:
    """Words in the order of their code points, and their vectors (words, dim), left on disk.

    ``ranks`` are their places (words) in the order in which they were given. ``word_vectors``
    is the sha256 of the noun vectors that share the table's space.
    """

    folder: Path
    words: Sequence[str]
    vectors: Any
    ranks: Any
    word_vectors: str

    @property
    def dim(self) -> int:
        """Return the number of components of each vector."""
        return int(self.vectors.shape[1])

    def row(self, word: str) -> int | None:
        """Return the row of exactly this spelling, None if it is not there."""
        place = bisect.bisect_left(self.words, word)
        return place if place < len(self.words) and self.words[place] == word else None

    def vector(self, row: int) -> Vectors:
        """Return the vector (dim) of one row."""
        return np.asarray(self.vectors[row], np.float32)

    @property
    def size(self) -> int:
        """Return how many words there are."""
        return len(self.words)

    def lookup(self, words: Sequence[str]) -> tuple[Vectors, Mask]:
        """Return the vectors (found words, dim) of exact spellings, and which words those are."""
        rows = [self.row(word) for word in words]
        found = [row for row in rows if row is not None]
        return np.asarray(self.vectors[found], np.float32), np.array(
            [row is not None for row in rows], np.bool_
        )

    def near(self, word: str) -> list[str]:
        """Return up to three words that are spelled nearly like ``word``, the nearest first."""
        lower = word.lower()
        starts = {lower[:1], lower[:1].upper()}
        # difflib takes seconds for all words; few mistakes are in the first letter.
        spans = (self._span(start) for start in sorted(starts) if start)
        alike = (one for span in spans for one in span if abs(len(one) - len(word)) <= 2)
        spelled = {one.lower(): one for one in alike}
        near = get_close_matches(lower, spelled, n=_LIKELY, cutoff=0.7)
        near.sort(key=lambda one: -self._likelihood(lower, spelled[one]))
        return [spelled[one] for one in near[:_SUGGESTIONS]]

    def _likelihood(self, written: str, word: str) -> float:
        """Return how likely ``word`` was meant: spelled alike, frequent, or with letters swapped.

        The weights are chosen so that baot gives boat before barot, and kimg gives king.
        """
        alike = SequenceMatcher(None, word.lower(), written).ratio()
        swapped = 0.15 * (sorted(word.lower()) == sorted(written))
        place = bisect.bisect_left(self.words, word)
        return alike + swapped - 0.06 * math.log10(10 + int(self.ranks[place]))

    def _span(self, start: str) -> Sequence[str]:
        first = bisect.bisect_left(self.words, start)
        return self.words[first : bisect.bisect_right(self.words, start + "\U0010ffff")]


def write_words(
    folder: str | Path,
    words: Iterable[str],
    vectors: Vectors,
    word_vectors: str,
    dtype: str = "float32",
) -> None:
    """Write ``words``, the most frequent first, with ``vectors`` (words, dim) as ``dtype``.

    Of a word that comes twice the first one is kept. Raises InputError for another dtype, or
    when a number is too large for it.
    """
    if dtype not in DTYPES:
        raise InputError(f"dtype of words: expected {' or '.join(DTYPES)}, got {dtype!r}")
    rows: dict[str, int] = {}
    for row, word in enumerate(words):
        rows.setdefault(word, row)
    order = sorted(word for word in rows if word and not any(sign in word for sign in "\n\r"))
    with np.errstate(over="ignore"):
        matrix = vectors[[rows[word] for word in order]].astype(f"<f{np.dtype(dtype).itemsize}")
    if not np.isfinite(matrix).all():
        raise InputError(
            f"{folder}: expected numbers that {dtype} can hold, got larger ones, NaN or infinity; "
            "take float32, or other vectors"
        )
    target = Path(folder)
    with atomic_write(target / WORDS) as partial:
        text = "".join(word + "\n" for word in order)
        partial.write_text(text, encoding="utf-8", newline="\n")
    ranks = np.array([rows[word] for word in order], "<u4")
    for name, array in ((VECTORS, matrix), (RANKS, ranks)):
        with atomic_write(target / name) as partial, partial.open("wb") as file:
            np.lib.format.write_array(file, array, allow_pickle=False)
    description = {
        "format": _FORMAT,
        "words": len(order),
        "dim": int(matrix.shape[1]),
        "dtype": dtype,
        "word_vectors": word_vectors,
    }
    with atomic_write(target / DESCRIPTION) as partial:
        text = json.dumps(description, indent=1) + "\n"
        partial.write_text(text, encoding="utf-8", newline="\n")


def read_words(folder: str | Path) -> WordTable:
    """Return the table in ``folder``; raises InputError when it is missing or damaged."""
    path = Path(folder)
    keys = ("format", "words", "dim", "word_vectors")
    description = read_json(path / DESCRIPTION, "a table of words", "run snakemake first", keys)
    try:
        words = (path / WORDS).read_text(encoding="utf-8").split("\n")[:-1]
        vectors = map_npy(path / VECTORS)
        ranks = map_npy(path / RANKS)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: expected a table of words to search with ({error}); run snakemake first"
        ) from error
    expected = (description["words"], description["dim"])
    got = (description["format"], vectors.shape, ranks.shape, len(words))
    if got != (_FORMAT, expected, expected[:1], expected[0]):
        raise InputError(
            f"{path}: expected vectors {expected} of format {_FORMAT}, got {vectors.shape} of "
            f"format {got[0]} and {len(words)} words; build the table again"
        )
    return WordTable(path, words, vectors, ranks, str(description["word_vectors"]))


def words_to_search(
    needed: Sequence[str],
    vectors: WordVectors,
    files: Mapping[str, str | Path],
    most_frequent: int,
) -> list[str]:
    """Return the first ``most_frequent`` words of ``vectors``, then ``needed`` ones, each once.

    spaCy's tables have no order of frequency: all their words without a capital are taken, out
    of the file ``strings``. What is not one word is left out.
    """
    listed: Iterator[str] = iter(())
    if isinstance(vectors, ListedVectors):
        listed = islice(vectors.words(), most_frequent)
    elif "strings" in files.keys():  # noqa: SIM118  # Snakemake's named files hold values
        listed = (word for word in _strings(Path(files["strings"])) if word == word.lower())
    return list(dict.fromkeys([*(word for word in listed if word.split() == [word]), *needed]))


def _strings(path: Path) -> list[str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: expected spaCy's vocab/strings.json, a list of words ({error})"
        ) from error
    return sorted(str(word) for word in found)


# Articles, prepositions, question words and forms of being and having: in a mean of word
# vectors they pull every name to the same place.
_STOP = {
    "en": """a an the this that these those some any of in on at to with for from by and or is are
        was were be been do does did has have had who whom whose what which where when why how
        there it its he she they we you i me my your his her their our one s""",
    "fr": """un une des le la les l du de d au aux à en dans sur avec pour par et ou ce cet cette
        ces est sont était y a il elle ils elles on nous vous je tu qui que qu quoi quel quelle
        quels quelles où quand pourquoi comment combien mon ma mes ton ta tes son sa ses notre
        votre leur leurs c s n ne pas t""",
}
_STOP_WORDS = {language: frozenset(words.split()) for language, words in _STOP.items()}
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def content_words(text: str, language: str) -> list[str]:
    """Return the words of ``text`` in lower case, without articles and the like.

    If nothing else is there, these are returned as well. An apostrophe parts two words.
    """
    words = _WORD.findall(unicodedata.normalize("NFC", text).lower())
    return [word for word in words if word not in _STOP_WORDS[language]] or words
