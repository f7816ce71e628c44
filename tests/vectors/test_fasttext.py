"""Vectors of fastText .bin files and n-grams of words, compared with the fasttext library."""

import struct
import subprocess
import sys
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import fasttext
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import wordbridge
from tests.inputs.files import fasttext_vector
from wordbridge.errors import InputError
from wordbridge.vectors import fasttext as reader
from wordbridge.vectors.fasttext import FastTextBin, subword_buckets

HEAD = "<ii 12i d iiiqq"  # magic, version, settings, sizes of the dictionary
ALL_MODELS = ["bin_model", "single_letter_model", "words_only_model", "labelled_model"]


def _means(path: Path, words: list[str]) -> NDArray[np.float64]:
    """Return what Facebook's fastText gives: the mean of the rows, its length as it is."""
    model = fasttext.load_model(str(path))
    means = np.zeros((len(words), model.get_dimension()))
    for place, word in enumerate(words):
        _, rows = model.get_subwords(word)
        if len(rows):
            means[place] = np.mean([model.get_input_vector(int(row)) for row in rows], axis=0)
    return means


def _cosines(left: NDArray[np.floating], right: NDArray[np.floating]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    cosines: NDArray[np.float64] = (left.astype(np.float64) * right).sum(axis=1) / lengths
    return cosines


@pytest.mark.parametrize("name", ALL_MODELS)
def test_words_of_the_dictionary_have_the_mean_of_the_librarys_rows(
    name: str, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(name)
    words = [*fasttext.load_model(str(path)).get_words(), "</s>"]

    matrix, mask = FastTextBin(path).lookup(words)

    assert mask.all()
    assert np.abs(matrix - _means(path, words)).max() < 1e-6
    np.testing.assert_allclose(_cosines(matrix, _means(path, words)), 1, atol=1e-6)


@pytest.mark.parametrize("name", ["bin_model", "single_letter_model", "labelled_model"])
def test_unknown_words_have_the_mean_of_their_subwords(
    name: str, request: pytest.FixtureRequest, unknown_words: list[str]
) -> None:
    path = request.getfixturevalue(name)
    words = [word for word in unknown_words if _means(path, [word]).any()]

    matrix, mask = FastTextBin(path).compose(words)

    assert len(words) > 4
    assert mask.all()
    assert np.abs(matrix - _means(path, words)).max() < 1e-6
    np.testing.assert_allclose(_cosines(matrix, _means(path, words)), 1, atol=1e-6)


@pytest.mark.parametrize("name", ALL_MODELS)
def test_vectors_of_unit_length_equal_the_librarys_word_vectors(
    name: str, request: pytest.FixtureRequest, known_words: list[str], unknown_words: list[str]
) -> None:
    path = request.getfixturevalue(name)
    model, vectors = fasttext.load_model(str(path)), FastTextBin(path, unit_length=True)

    for word in [*known_words, *unknown_words, "</s>", "", "\n"]:
        assert np.abs(fasttext_vector(vectors, word) - model.get_word_vector(word)).max() < 1e-6, (
            word
        )


def test_the_dictionary_lacks_unknown_words(bin_model: Path) -> None:
    matrix, mask = FastTextBin(bin_model).lookup(["cœur", "cœurs", "chat", "cœur"])

    assert mask.tolist() == [True, False, True, True]
    assert matrix.shape == (3, 7)
    np.testing.assert_array_equal(matrix[0], matrix[2])


def test_without_subwords_no_vector_is_composed(
    words_only_model: Path, unknown_words: list[str]
) -> None:
    vectors = FastTextBin(words_only_model)

    matrix, mask = vectors.compose(unknown_words)

    assert matrix.shape == (0, 6)
    assert not mask.any()
    assert not fasttext_vector(vectors, "cœurs").any()


def test_labels_are_not_words(labelled_model: Path) -> None:
    vectors = FastTextBin(labelled_model)

    assert not vectors.lookup(["__label__1"])[1].any()
    assert "__label__1" not in list(vectors.words())


@pytest.mark.parametrize("name", ALL_MODELS)
def test_words_are_the_librarys_in_its_order(name: str, request: pytest.FixtureRequest) -> None:
    path = request.getfixturevalue(name)

    assert list(FastTextBin(path).words()) == fasttext.load_model(str(path)).get_words()


def test_no_words_give_an_empty_matrix(bin_model: Path) -> None:
    vectors = FastTextBin(bin_model)

    for matrix, mask in (vectors.lookup([]), vectors.compose([])):
        assert matrix.shape == (0, 7)
        assert mask.shape == (0,)


def test_the_sizes_of_chunks_and_windows_change_nothing(
    bin_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    known_words: list[str],
    unknown_words: list[str],
) -> None:
    words = [*known_words, *unknown_words]
    expected = [fasttext_vector(FastTextBin(bin_model), word) for word in words]
    monkeypatch.setattr(reader, "_CHUNK_BYTES", 41)
    monkeypatch.setattr(reader, "_WINDOW_BYTES", 3 * 7 * 4)
    monkeypatch.setattr(reader, "_CHUNK_ROWS", 2)

    vectors = FastTextBin(bin_model)

    np.testing.assert_allclose(
        vectors.lookup(known_words)[0], expected[: len(known_words)], atol=1e-7
    )
    np.testing.assert_allclose(
        vectors.compose(unknown_words)[0], expected[len(known_words) :], atol=1e-7
    )


def _with_field(offset: int, layout: str, value: int) -> Callable[[bytes], bytes]:
    packed = struct.pack(layout, value)
    return lambda content: content[:offset] + packed + content[offset + len(packed) :]


DAMAGES = [
    (lambda content: b"", "no fastText model can be read"),
    (lambda content: b"2 3\nmot 0.1 0.2 0.3\n", "begins with the number 793712314"),
    (lambda content: content[:30], "begins with the number 793712314"),
    (_with_field(4, "<i", 13), "format version 13, expected one of"),
    (_with_field(4, "<i", 10), "format version 10, expected one of"),
    (_with_field(8, "<i", 0), "impossible settings"),
    (_with_field(68, "<i", 10**6), "impossible settings"),
    (_with_field(84, "<q", 5), "quantized"),
    (_with_field(8, "<i", 8), "rows of 8 numbers, got"),
    (lambda content: content[:200], "ends inside its dictionary"),
    (lambda content: content[:1000], "ends inside its matrix of"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_a_damaged_file_is_an_error_with_its_reason(
    damage: Callable[[bytes], bytes], message: str, bin_model: Path, tmp_path: Path
) -> None:
    path = tmp_path / "damaged.bin"
    path.write_bytes(damage(bin_model.read_bytes()))

    with pytest.raises(InputError, match=message) as caught:
        FastTextBin(path).lookup(["chat"])

    assert "damaged.bin" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.bin: no fastText model can be read"):
        FastTextBin(tmp_path / "none.bin")


def test_a_quantized_model_is_an_error(labelled_model: Path, tmp_path: Path) -> None:
    model = fasttext.load_model(str(labelled_model))
    model.quantize()
    path = tmp_path / "model.ftz"
    model.save_model(str(path))

    with pytest.raises(InputError, match=r"model\.ftz: a quantized fastText model"):
        FastTextBin(path).lookup(["chat"])


def test_classifiers_of_version_11_have_no_subwords(labelled_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "old.bin"
    path.write_bytes(_with_field(4, "<i", 11)(labelled_model.read_bytes()))

    matrix, _ = FastTextBin(path, unit_length=True).lookup(["chat"])

    assert not FastTextBin(path).compose(["chats"])[1].any()
    expected = fasttext.load_model(str(path)).get_word_vector("chat")
    np.testing.assert_allclose(matrix[0], expected, atol=1e-6)


def test_numbers_without_a_zero_byte_do_not_slow_the_lookup(tmp_path: Path) -> None:
    rows, dim = 2000, 250
    path = tmp_path / "constant.bin"
    settings = [dim, 5, 5, 5, 5, 1, 2, 2, 0, 0, 0, 100]
    with path.open("wb") as file:
        file.write(struct.pack(HEAD, 793712314, 12, *settings, 1e-4, rows, rows, 0, 9, -1))
        for number in range(rows):
            file.write(b"w%d\0" % number + struct.pack("<qb", number, 0))
        file.write(struct.pack("<?qq", False, rows, dim))
        file.write(np.full((rows, dim), 0.1, np.float32).tobytes())

    matrix, mask = FastTextBin(path).lookup(["w0", "w1999", "w2000"])

    assert mask.tolist() == [True, True, False]
    np.testing.assert_allclose(matrix, np.full((2, dim), 0.1), rtol=1e-6)


MEMORY_OF_A_LOOKUP = """
import sys
from pathlib import Path
from wordbridge.vectors.fasttext import FastTextBin
vectors = FastTextBin(sys.argv[1])
vectors.compose([f"palabra{number * 7919}" for number in range(3000)])
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read in /proc")
def test_a_large_file_is_read_in_little_memory(tmp_path: Path) -> None:
    rows, dim = 700_000, 300
    settings = [dim, 5, 5, 5, 5, 1, 2, 2, rows, 3, 6, 100]
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.write(struct.pack(HEAD, 793712314, 12, *settings, 1e-4, 0, 0, 0, 0, -1))
        file.write(struct.pack("<?qq", False, rows, dim))
        file.truncate(file.tell() + rows * dim * 4)  # a hole, which takes no room on the disk

    environment = {"PYTHONPATH": str(Path(wordbridge.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", MEMORY_OF_A_LOOKUP, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, env=environment)

    assert path.stat().st_size > 800e6
    assert int(done.stdout) * 1024 < 300e6


def _reference(word: str, minn: int, maxn: int, buckets: int) -> list[int]:
    marked, hashes = f"<{word}>", []
    for start in range(len(marked)):
        for end in range(start + minn, min(start + maxn, len(marked)) + 1):
            if (gram := marked[start:end]) in ("<", ">") and start in (0, len(marked) - 1):
                continue
            hashed = 2166136261
            for byte in gram.encode():
                signed = byte - 256 if byte > 127 else byte
                hashed = ((hashed ^ (signed & 0xFFFFFFFF)) * 16777619) & 0xFFFFFFFF
            hashes.append(hashed % buckets)
    return hashes


@pytest.mark.parametrize(("minn", "maxn"), [(3, 6), (1, 2), (2, 2), (1, 9)])
@given(words=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=5))
@settings(max_examples=40, deadline=None)
def test_subwords_are_those_of_the_definition(words: list[str], minn: int, maxn: int) -> None:
    buckets, counts = subword_buckets([word.encode() for word in words], minn, maxn, 1009)

    expected = [_reference(word, minn, maxn, 1009) for word in words]
    assert buckets.tolist() == list(chain.from_iterable(expected))
    assert counts.tolist() == list(map(len, expected))


def test_subwords_are_those_of_the_library(bin_model: Path, unknown_words: list[str]) -> None:
    model = fasttext.load_model(str(bin_model))
    for word in unknown_words:
        buckets, _ = subword_buckets([word.encode()], 2, 4, 211)
        _, rows = model.get_subwords(word)
        assert buckets.tolist() == (rows - len(model.get_words())).tolist()


@pytest.mark.parametrize(("maxn", "buckets"), [(0, 100), (2, 100), (6, 0)])
def test_there_are_no_subwords_without_lengths_or_buckets(maxn: int, buckets: int) -> None:
    hashes, counts = subword_buckets([b"where", b"what"], 3, maxn, buckets)

    assert len(hashes) == 0
    assert counts.tolist() == [0, 0]


def test_no_words_have_no_subwords() -> None:
    hashes, counts = subword_buckets([], 3, 6, 100)

    assert (len(hashes), len(counts)) == (0, 0)
    assert hashes.dtype == np.int64
