"""Words to search with: their table on disk, the words in it, and content words of texts."""

import bisect
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import Matrix, map_npy, save_array
from wordbridge.errors import InputError
from wordbridge.files import atomic_write, read_json, write_json
from wordbridge.nouns.table import Noun
from wordbridge.text import clean
from wordbridge.vectors.protocol import ListedVectors, Mask, WordVectors

WORDS, VECTORS, DESCRIPTION = "words.txt", "vectors.npy", "words.json"
_SUGGESTIONS = 3


@dataclass(frozen=True, eq=False)
class WordTable:
    """Words sorted by code points, and their memory-mapped vectors (words, dim) in half precision.

    ``text`` has one word per line; ``ends`` (words,) are the offsets of the line ends.
    ``word_vectors`` is the sha256 of the noun vectors that have the same space.
    """

    folder: Path
    text: bytes
    ends: NDArray[np.int64]
    vectors: Any
    word_vectors: str

    @property
    def dim(self) -> int:
        """Return the number of components of each vector."""
        return int(self.vectors.shape[1])

    @property
    def size(self) -> int:
        """Return the number of words."""
        return len(self.ends)

    def word(self, row: int) -> str:
        """Return the word of a row, decoded on demand: a search needs less than 100 of 200,000."""
        start = self.ends[row - 1] + 1 if row else 0
        return self.text[start : self.ends[row]].decode(errors="replace")

    def row(self, word: str) -> int | None:
        """Return the row of exactly this spelling, or None."""
        row = bisect.bisect_left(range(self.size), word, key=self.word)
        return row if row < self.size and self.word(row) == word else None

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return the vectors (known words, dim) of exact spellings, and which words are known."""
        rows = [self.row(word) for word in words]
        known = [row for row in rows if row is not None]
        mask = np.array([row is not None for row in rows], np.bool_)
        return np.asarray(self.vectors[known], np.float32), mask

    def suggestions(self, word: str) -> list[str]:
        """Return up to three words that are spelled like ``word``, the most similar first."""
        from difflib import get_close_matches

        lower = word.lower()
        similar: dict[str, str] = {}  # words by their lower-case spelling
        # difflib takes seconds for all words, and the first letter is seldom wrong.
        for start in sorted({lower[:1], lower[:1].upper()} - {""}):
            first = bisect.bisect_left(range(self.size), start, key=self.word)
            last = bisect.bisect_right(range(self.size), start + "\U0010ffff", key=self.word)
            words = map(self.word, range(first, last))
            near = (other for other in words if abs(len(other) - len(word)) <= 2)
            similar |= {other.lower(): other for other in near}
        matches = get_close_matches(lower, similar, n=_SUGGESTIONS, cutoff=0.7)
        return [similar[match] for match in matches]


def write_words(
    folder: str | Path, words: Iterable[str], vectors: Matrix, word_vectors: str
) -> None:
    """Write ``words`` with ``vectors`` (words, dim).

    The first of equal words is kept. Words with zeros, which have no direction, are left out.
    Half precision halves the largest files of a search; cosines of the default run's nouns and
    images change by 0.0001 at most.
    """
    rows: dict[str, int] = {}
    for row, (word, has_vector) in enumerate(zip(words, np.any(vectors, axis=1), strict=True)):
        if has_vector:
            rows.setdefault(word, row)
    order = sorted(word for word in rows if word and not any(sign in word for sign in "\n\r"))
    matrix = vectors[[rows[word] for word in order]]
    target, text = Path(folder), "".join(word + "\n" for word in order)
    with atomic_write(target / WORDS) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")
    save_array(np.asarray(matrix, "<f2"), target / VECTORS)
    shape = {"words": len(order), "dim": int(matrix.shape[1])}
    write_json(target / DESCRIPTION, {**shape, "word_vectors": word_vectors})


def read_words(folder: str | Path) -> WordTable:
    """Return the table in ``folder``. Raises InputError when it is missing or damaged."""
    path, keys = Path(folder), ("words", "dim", "word_vectors")
    remedy = "run snakemake first, for French words with search.french_vectors"
    description = read_json(path / DESCRIPTION, "a table of words", remedy, keys)
    try:
        text = (path / WORDS).read_bytes()
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
        vectors = map_npy(path / VECTORS)
        shape = (description["words"], description["dim"])
        if vectors.shape != shape or len(ends) != shape[0]:
            raise ValueError(f"expected vectors {shape}, got {vectors.shape} and {len(ends)} words")
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: expected a table of words ({error}); build the table again"
        ) from error
    return WordTable(path, text, ends, vectors, str(description["word_vectors"]))


def words_to_search(
    needed: Sequence[str], vectors: WordVectors, files: Mapping[str, str | Path], most_frequent: int
) -> tuple[list[str], Matrix]:
    """Return the first ``most_frequent`` words of ``vectors``, then ``needed``, and their vectors.

    Duplicates, words without a vector and entries of several words are left out. spaCy's tables are
    not sorted by frequency: of these all lower-case words are returned, from the file ``strings``.
    """
    listed: Iterator[str] = iter(())
    if isinstance(vectors, ListedVectors):
        listed = islice(vectors.words(), most_frequent)
    elif "strings" in files.keys():  # noqa: SIM118  # `in` tests the values of Snakemake's files
        path = Path(files["strings"])
        try:
            strings = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(
                f"{path}: expected spaCy's vocab/strings.json, a list of words ({error})"
            ) from error
        listed = (word for word in sorted(map(str, strings)) if word == word.lower())
    single = [word for word in listed if word.split() == [word]]
    words = list(dict.fromkeys([*single, *needed]))
    matrix, mask = vectors.lookup(words)
    return list(compress(words, mask)), matrix


def noun_words(nouns: Iterable[Noun]) -> list[str]:
    """Return the words of all lemmas, as spelled and in lower case, sorted."""
    lemmas = {lemma for noun in nouns for lemma in noun.lemmas}
    words = {word for lemma in lemmas for word in (lemma, *lemma.split("_")) if word}
    return sorted(words | {word.lower() for word in words})


# Articles, prepositions, question words, and forms of "to be" and "to have": they would move the
# mean vector of every name towards the same point.
_STOP = {
    "en": """a an the this that these those some any of in on at to with for from by and or is are
        was were be been do does did has have had who whom whose what which where when why how
        there it its he she they we you i me my your his her their our one s""",
    "fr": """un une des le la les l du de d au aux à en dans sur avec pour par et ou ce cet cette
        ces est sont était y a il elle ils elles on nous vous je tu qui que qu quoi quel quelle
        quels quelles où quand pourquoi comment combien mon ma mes ton ta tes son sa ses notre
        votre leur leurs c j m n s t ne pas""",
}
_STOP_WORDS = {language: frozenset(words.split()) for language, words in _STOP.items()}
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
# The pronoun after a French verb: est-il, a-t-elle, est-ce.
_INVERSION = re.compile(r"-(?:t-)?(?:je|tu|ils?|elles?|on|ce)\b")


def content_words(text: str, language: str, may_be_empty: bool = False) -> list[str]:
    """Return the lower-cased words of ``text`` without stop words.

    A text of stop words alone keeps them all, or none if the result ``may_be_empty``. An apostrophe
    separates two words, as does the hyphen before a French pronoun (est-il).
    """
    lower = clean(text).lower()
    words = _WORD.findall(_INVERSION.sub(" ", lower) if language == "fr" else lower)
    content = [word for word in words if word not in _STOP_WORDS[language]]
    return content if content or may_be_empty else words
