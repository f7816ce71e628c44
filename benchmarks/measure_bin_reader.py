"""Compare the reader of fastText .bin files with the lesson's dictionary of all vectors.

    python -m benchmarks.measure_bin_reader [--size GB] [--shapes SHAPE ...]

writes a valid .bin of random numbers into a temporary folder, reads it in separate processes, and
prints a table (TSV): seconds from opening the file to the vectors (the best of --rounds, in turn),
peak memory, and the largest absolute difference between the vectors of the two readers.
"""

import argparse
import json
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

COLUMNS = [
    *("shape", "file_mb", "words_in_file", "vocabulary", "reader", "seconds", "peak_mb"),
    *("times_faster", "largest_difference"),
]
MODEL, VOCABULARY = "model.bin", "vocabulary.txt"

SYLLABLES = [
    head + tail
    for head in ["", *"bcdfgjklmnprstv", "ch", "qu", "tr", "pl"]
    for tail in [*"aeiou", "é", "ou", "ai", "en", "on", "eau"]
]
FOUND_SHARE = 0.9  # of the vocabulary; the lesson found 88 and 93 %
BLOCK_ROWS = 20_000


@dataclass(frozen=True)
class Shape:
    """A model of ``dim`` numbers a row; ``word_share`` of the rows are words, others subwords."""

    dim: int
    maxn: int
    word_share: float
    description: str


SHAPES = {
    "wiki": Shape(300, 6, 0.556, "words and buckets in proportion as in wiki.en.bin"),
    "words": Shape(300, 0, 1.0, "words only, no subwords"),
    "buckets": Shape(300, 6, 0.01, "few words and the library's two million buckets"),
}


def main() -> None:
    """Print the table, or, in a child process, the figures of one reader."""
    options = parse_options()
    if options.reader:
        print(json.dumps(measure(options.reader, Path(options.folder))))
        return
    print("\t".join(COLUMNS))
    for name in options.shapes:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            words = write_model(Path(folder), SHAPES[name], options.size, options.words)
            size = Path(folder, MODEL).stat().st_size / 1e6
            for line in compare(Path(folder), options.rounds):
                print(f"{name}\t{size:.1f}\t{words}\t{options.words}\t{line}", flush=True)


def parse_options() -> argparse.Namespace:
    """Return the options of the command line."""
    shapes = "; ".join(f"{name}: {shape.description}" for name, shape in SHAPES.items())
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", type=float, default=2.4, help="of the file in GB (default 2.4)")
    parser.add_argument("--words", type=int, default=20_000, help="in the vocabulary")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES), help=shapes)
    parser.add_argument("--rounds", type=int, default=3, help="the best of these counts")
    parser.add_argument("--folder", help="for the file (default: the system's temporary folder)")
    parser.add_argument("--reader", choices=READERS, help=argparse.SUPPRESS)
    return parser.parse_args()


def compare(folder: Path, rounds: int) -> Iterator[str]:
    """Yield a line of the table for the lesson's reader, then for the project's."""
    figures: dict[str, list[dict[str, float]]] = {reader: [] for reader in READERS}
    for _ in range(rounds):
        for reader, results in figures.items():
            command = [sys.executable, __file__, "--reader", reader, "--folder", str(folder)]
            process = subprocess.run(command, check=True, stdout=subprocess.PIPE)
            results.append(json.loads(process.stdout))
    best = {reader: min(result["seconds"] for result in figures[reader]) for reader in READERS}
    vectors = [np.load(folder / f"{reader}.npy") for reader in READERS]
    shared = vectors[0].any(axis=1)  # the lesson has zeros for words outside the dictionary
    difference = float(np.abs(vectors[0][shared] - vectors[1][shared]).max())
    for reader, seconds in best.items():
        peak = max(result["peak_mb"] for result in figures[reader])
        faster = best["lesson"] / seconds
        yield f"{reader}\t{seconds:.3f}\t{peak:.0f}\t{faster:.1f}\t{difference:.1e}"


def measure(reader: str, folder: Path) -> dict[str, float]:
    """Return seconds and peak memory of one reader; write its vectors to a file."""
    words = (folder / VOCABULARY).read_text(encoding="utf-8").split("\n")
    read = READERS[reader]()
    started = time.perf_counter()
    vectors = read(folder / MODEL, words)
    seconds = time.perf_counter() - started
    # Not getrusage: its peak starts from that of the parent process.
    peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
    np.save(folder / f"{reader}.npy", vectors)
    return {"seconds": seconds, "peak_mb": int(peak) * 1024 / 1e6}


Reader = Callable[[Path, list[str]], NDArray[np.float32]]


def lesson() -> Reader:
    """Return the lesson's reader: a dictionary of every word in the file."""
    import fasttext

    def read(path: Path, words: list[str]) -> NDArray[np.float32]:
        model = fasttext.load_model(str(path))
        vectors: dict[str, Any] = {word: model.get_word_vector(word) for word in model.get_words()}
        zeros = np.zeros(model.get_dimension(), np.float32)
        return np.array([vectors.get(word, zeros) for word in words])

    return read


def wordbridge() -> Reader:
    """Return the project's reader: the vocabulary's vectors, also of words not in the file."""
    from wordbridge.vectors.embeddings import lookup
    from wordbridge.vectors.fasttext import FastTextBin

    def read(path: Path, words: list[str]) -> NDArray[np.float32]:
        vectors = FastTextBin(path, unit_length=True)  # as the installed library returns them
        return lookup(words, vectors, ["subwords"]).matrix

    return read


READERS: dict[str, Callable[[], Reader]] = {"lesson": lesson, "wordbridge": wordbridge}


def write_model(folder: Path, shape: Shape, size: float, vocabulary: int) -> int:
    """Write a model of ``size`` GB and a vocabulary; return the number of words in the model."""
    rows = int(size * 1e9 / (4 * shape.dim * (1 + shape.word_share)))  # words have two
    words = int(rows * shape.word_share)
    shared = min(int(vocabulary * FOUND_SHARE), words)
    names = list(islice(spellings(), words + vocabulary - shared))
    step = words // shared
    chosen = names[: shared * step : step] + names[words:]
    (folder / VOCABULARY).write_text("\n".join(chosen), encoding="utf-8")
    with (folder / MODEL).open("wb") as file:
        write_head(file, shape, words, rows - words)
        for rank, word in enumerate(names[:words]):
            file.write(word.encode() + b"\0" + struct.pack("<qb", words - rank + 4, 0))
        write_matrix(file, rows, shape.dim)
        write_matrix(file, words, shape.dim)
    return words


def write_head(file: BinaryIO, shape: Shape, words: int, buckets: int) -> None:
    """Write the magic number, version, settings (skip-gram, negative sampling) and sizes."""
    file.write(struct.pack("<ii", 793712314, 12))
    settings = [5, 5, 5, 5, 1, 2, 2, buckets, 3 if shape.maxn else 0, shape.maxn, 100]
    file.write(struct.pack("<12id", shape.dim, *settings, 1e-4))
    file.write(struct.pack("<iiiqq", words, words, 0, 10**9, -1))


def write_matrix(file: BinaryIO, rows: int, dim: int) -> None:
    """Write an unquantised matrix of numbers between -0.5 and 0.5."""
    generator = np.random.default_rng(rows)
    file.write(struct.pack("<?qq", False, rows, dim))
    for start in range(0, rows, BLOCK_ROWS):
        block = generator.random((min(BLOCK_ROWS, rows - start), dim), dtype=np.float32)
        file.write((block - np.float32(0.5)).tobytes())


def spellings() -> Iterator[str]:
    """Yield distinct words of two to five syllables."""
    seen: set[str] = set()
    for number in count(1):
        left, word = number * 48271 % (2**31 - 1), ""  # a generator that reaches every number once
        for _ in range(2 + number % 4):
            left, syllable = divmod(left, len(SYLLABLES))
            word += SYLLABLES[syllable]
        if word not in seen:
            seen.add(word)
            yield word


if __name__ == "__main__":
    main()
