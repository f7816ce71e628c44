"""Tables of word vectors of each kind."""

import gzip
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import fasttext
import numpy as np
import pyarrow
import pytest
import spacy
import srsly
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyarrow import parquet

import wordbridge
from wordbridge.errors import InputError
from wordbridge.vectors.protocol import ListedVectors, SubwordVectors
from wordbridge.vectors.readers import (
    NpyVectors,
    SpacyVectors,
    TextVectors,
    open_concatenation,
    open_vectors,
)


@pytest.mark.parametrize("kind", ["text", "npy", "fasttext", "trained", "random"])
def test_each_kind_is_opened_from_its_files_among_others(
    kind: str, bin_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "words.vec").write_text("a 1 2 3 4 5 6 7\n", encoding="utf-8")
    np.save(tmp_path / "m.npy", np.eye(1, 7))
    (tmp_path / "w.txt").write_text("a\n", encoding="utf-8")
    files = {"vec": tmp_path / "words.vec", "matrix": tmp_path / "m.npy"}
    files |= {"words": tmp_path / "w.txt", "bin": bin_model, "vocabulary": tmp_path / "none.tsv"}

    vectors = open_vectors({"kind": kind, "dim": 7}, files)

    assert vectors.dim == 7
    assert vectors.lookup(["a"])[1].tolist() == [kind != "random"]
    assert isinstance(vectors, SubwordVectors) == (kind in ("fasttext", "trained"))


def test_each_kind_has_a_size(bin_model: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.eye(3, 2))
    (tmp_path / "w.txt").write_text("a\nb\na\n", encoding="utf-8")
    plain, headed = tmp_path / "plain.vec", tmp_path / "headed.vec"
    plain.write_text("a 1 2 3 4\nA 2 4 6 8\nb 4 3 2 1\n", encoding="utf-8")
    headed.write_text("2 2\na 1 2\nb 3 4\n", encoding="utf-8")

    assert NpyVectors(tmp_path / "m.npy", tmp_path / "w.txt").size == 2
    assert TextVectors(plain).size == 3
    assert TextVectors(headed).size == 2
    model = fasttext.load_model(str(bin_model))
    assert open_vectors({"kind": "fasttext"}, {"bin": bin_model}).size == len(model.words)


def test_unit_length_is_passed_on(bin_model: Path) -> None:
    plain = open_vectors({"kind": "fasttext"}, {"bin": bin_model})
    scaled = open_vectors({"kind": "trained", "unit_length": True}, {"bin": bin_model})

    assert np.linalg.norm(plain.lookup(["chat"])[0]) != pytest.approx(1)
    assert np.linalg.norm(scaled.lookup(["chat"])[0]) == pytest.approx(1)


def test_concatenated_vectors_have_the_words_of_the_first_table(tmp_path: Path) -> None:
    texts = {"vec": "a 3 4\nb 0 2\nzero 0 0\n", "1_vec": "b 5 0 0\nc 1 1 1\n", "2_vec": "a 7\n"}
    files = {key: _file(tmp_path, text, f"{key}.vec") for key, text in texts.items()}

    vectors = open_concatenation([{"kind": "text"}] * 3, files)
    matrix, mask = vectors.lookup(["c", "b", "zero", "a"])

    assert (vectors.dim, vectors.size) == (6, 3)
    assert isinstance(vectors, ListedVectors)
    assert list(vectors.words()) == ["a", "b", "zero"]
    assert mask.tolist() == [False, True, True, True]
    # Of unit length, and zeros where a table lacks the word.
    expected = [[0, 1, 1, 0, 0, 0], [0] * 6, [0.6, 0.8, 0, 0, 0, 1]]
    np.testing.assert_allclose(matrix, expected, rtol=1e-6)


def test_a_single_table_is_not_scaled(tmp_path: Path) -> None:
    vectors = open_concatenation([{"kind": "text"}], {"vec": _file(tmp_path, "a 3 4\n")})

    assert vectors.lookup(["a"])[0].tolist() == [[3, 4]]


def test_no_library_is_imported_for_another_kind() -> None:
    code = (
        "import sys, wordbridge.vectors.readers as r\n"
        "try: r.open_vectors({'kind': 'text'}, {'vec': 'none.vec'})\n"
        "except Exception as error: print(type(error).__name__)\n"
        "print(sys.modules.keys() & {'spacy', 'srsly', 'pyarrow', 'fasttext'})"
    )
    environment = {"PYTHONPATH": str(Path(wordbridge.__file__).parents[1])}

    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
    )

    assert done.stdout == "InputError\nset()\n"


# As fastText writes it, with a space before each line's end; the third word has a no-break
# space, the fourth a plain one.
FASTTEXT = "4 3\nété 1 2 3 \nl’eau -1.5 0 2e-3 \nmille\u00a0fois 4 5 6 \n. . 7 8 9 \n"  # noqa: RUF001


def _file(folder: Path, text: str | bytes, name: str = "words.vec") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(errors="surrogateescape"))
    return path


def test_text_vectors_come_in_the_order_of_the_words(tmp_path: Path) -> None:
    vectors = TextVectors(_file(tmp_path, FASTTEXT))

    matrix, mask = vectors.lookup([". .", "absent", "l’eau", "mille\u00a0fois", "été"])  # noqa: RUF001

    assert vectors.dim == 3
    assert mask.tolist() == [True, False, True, True, True]
    assert matrix.dtype == np.float32
    expected = np.array([[7, 8, 9], [-1.5, 0, 0.002], [4, 5, 6], [1, 2, 3]])
    np.testing.assert_allclose(matrix, expected, rtol=1e-6)


def test_gzip_is_recognized_by_its_content(tmp_path: Path) -> None:
    path = _file(tmp_path, gzip.compress(FASTTEXT.encode()), "words.data")

    assert TextVectors(path).lookup(["été"])[0].tolist() == [[1, 2, 3]]


def test_a_first_line_without_sizes_is_a_word(tmp_path: Path) -> None:
    vectors = TextVectors(_file(tmp_path, "the 0.5 1.5\nof 2 3\n"))

    assert vectors.dim == 2
    assert vectors.lookup(["of", "the"])[0].tolist() == [[2, 3], [0.5, 1.5]]


def test_the_first_of_two_equal_words_of_a_text_counts(tmp_path: Path) -> None:
    assert TextVectors(_file(tmp_path, "a 1 2\na 3 4\n")).lookup(["a"])[0].tolist() == [[1, 2]]


def test_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    assert TextVectors(_file(tmp_path, "2 2\r\na 1 2\r\nb 3 4\r\n")).lookup(["b"])[1].all()


def test_absent_words_give_an_empty_matrix(tmp_path: Path) -> None:
    matrix, mask = TextVectors(_file(tmp_path, FASTTEXT)).lookup(["absent"])

    assert matrix.shape == (0, 3)
    assert mask.tolist() == [False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2 3\na 1 2 3\nb 1 2\n", "line 3: expected a word and 3 numbers, got 2"),
        ("2 3\na 1 2 3\nb 1.0 2.0 3.0 4.0\n", "line 3: expected a word and 3 numbers, got more"),
        ("a 1 2\nb 1 two\n", "line 2: expected 2 numbers, got could not convert .*two"),
        ("a 1 2\nb 1 nan\n", "line 2: expected finite numbers, got NaN"),
        ("a 1 2\nb -inf 1\n", "line 2: expected finite numbers, got NaN, infinity"),
        ("a 1 2\nb  1\n", "line 2: expected a word and 2 numbers, got 1"),
        ("3 2\na 1 2\nb 1 2", "line 3: expected 3 words, as in the first line"),
        ("3 2\n", "line 1: expected 3 words"),
        ("a\nb 1\n", "line 1: expected a word and its numbers"),
        ("a 1 2\nb 1 2\rc 1 2\n", r"line 2: expected lines that end in .* got .r alone"),
        ("a 1 2\rb 1 2\r", "line 1: expected lines that end in"),
        ("p\udce8re 1 2\no\udcf9 1 2\n\u00e9 1 2\n", r"line 1: expected UTF-8"),
        (
            "a 1 2\np\udce8re 1 2\no\udcf9 1 2\n",
            r"line 2: expected UTF-8, got .*xe8.*2 of 2 accented",
        ),
        ("", "line 1: expected a word and its numbers"),
        ("2 0\n", "line 1: expected a word and its numbers"),
    ],
)
def test_an_invalid_line_is_an_error_with_its_number(
    text: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        TextVectors(_file(tmp_path, text)).lookup(["a", "b"])

    assert "words.vec" in str(caught.value)


NUMBERS = st.floats(width=64).map(repr) | st.from_regex(
    r"[-+]?\d{1,2}(_\d)?(\.\d*)?", fullmatch=True
)
FIELDS = NUMBERS | st.sampled_from(["1e39", "two", "1,0", "0x1p3", "1d5", "é", "1\0", "infinity"])


@settings(deadline=None)
@given(fields=st.lists(FIELDS, min_size=1, max_size=4))
def test_numbers_are_those_of_float(
    fields: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = _file(tmp_path_factory.mktemp("vec"), f"1 {len(fields)}\na {' '.join(fields)}\n")
    try:
        with np.errstate(over="ignore"):
            expected = np.array([float(field.encode()) for field in fields], np.float32)
        error = "" if np.isfinite(expected).all() else "finite numbers"
    except ValueError as reason:
        error = str(reason)
    if error:
        with pytest.raises(InputError, match=re.escape(error)):
            TextVectors(path).lookup(["a"])
    else:
        np.testing.assert_array_equal(TextVectors(path).lookup(["a"])[0], [expected])


@pytest.mark.parametrize("promise", [1, 3])
def test_another_number_of_words_than_promised_is_a_warning(
    promise: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mask = TextVectors(_file(tmp_path, f"{promise} 2\na 1 2\nb 3 4\n")).lookup(["a", "b"])[1]

    assert mask.all()
    assert f"expected {promise} words, as in the first line, got 2" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffe\u0301te\u0301 1 2\n",
        "\u00e9t\u200b\u00e9 1 2\n\u00e9t\u00e9 7 7\n",
        "\u00e9t\u00e9\t1\t2\n",
        "\u00e9t\u00e9  1 2\n\n",
        "1\t2\r\n\u00e9t\u00e9\u00a0 1 2\r\n\r\n",
    ],
)
@pytest.mark.parametrize("word", ["\u00e9t\u00e9", "e\u0301te\u0301", "\u00e9t\u00e9\ufeff"])
def test_words_are_compared_in_one_form(text: str, word: str, tmp_path: Path) -> None:
    vectors = TextVectors(_file(tmp_path, text))

    assert vectors.lookup([word])[0].tolist() == [[1, 2]]
    assert next(vectors.words()) == "\u00e9t\u00e9"


def test_a_few_words_that_are_not_utf_8_are_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"\u00e9{number} 1 2\n" for number in range(200))

    assert TextVectors(_file(tmp_path, f"{rows}p\udce8 1 2\n")).lookup(["\u00e97"])[1].all()
    assert "warning: " in capsys.readouterr().err


def test_a_truncated_gzip_file_is_an_error(tmp_path: Path) -> None:
    compressed = gzip.compress((FASTTEXT + "x 1 2 3\n" * 1000).encode())

    with pytest.raises(InputError, match=r"words\.vec: expected a text.* truncated"):
        TextVectors(_file(tmp_path, compressed[:-20])).lookup(["a"])


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.vec: expected a text file, got no file"):
        TextVectors(tmp_path / "none.vec")


def _table(folder: Path, matrix: NDArray[Any], words: str | bytes) -> tuple[Path, Path]:
    np.save(folder / "matrix.npy", matrix)
    content = words if isinstance(words, bytes) else words.encode()
    (folder / "words.txt").write_bytes(content)
    return folder / "matrix.npy", folder / "words.txt"


@pytest.mark.parametrize(
    "words", ["été\nchat\nl'eau\n", "été\nchat\nl'eau", "été\t7\r\nchat\nl'eau\tx\ty\n"]
)
def test_rows_have_the_words_of_the_lines(words: str, tmp_path: Path) -> None:
    matrix = np.arange(6, dtype=np.float64).reshape(3, 2)

    vectors = NpyVectors(*_table(tmp_path, matrix, words))
    found_vectors, mask = vectors.lookup(["l'eau", "eau", "été"])

    assert vectors.dim == 2
    assert mask.tolist() == [True, False, True]
    assert found_vectors.dtype == np.float32
    assert found_vectors.tolist() == [[4, 5], [0, 1]]


def test_the_first_of_two_equal_words_of_a_list_counts(tmp_path: Path) -> None:
    vectors = NpyVectors(*_table(tmp_path, np.eye(3, dtype=np.float32), "a\nb\na\n"))

    assert vectors.lookup(["a"])[0].tolist() == [[1, 0, 0]]


@pytest.mark.parametrize(
    ("matrix", "words", "message"),
    [
        (np.eye(3, 2), "a\nb\n", "expected 3 words, as .* got 2"),
        (np.zeros(3), "a\nb\nc\n", r"expected a matrix .* got float64 of shape \(3,\)"),
        (np.eye(2, dtype=np.int64), "a\nb\n", "floating-point numbers, got int64"),
        (np.array([None, "x"]), "a\nb\n", r"no \.npy matrix can be read"),
        (np.eye(2), b"a\n\xff\n", "line 2: expected UTF-8, got byte 0xff at byte 1"),
    ],
)
def test_files_that_do_not_fit_together_are_an_error(
    matrix: NDArray[Any], words: str | bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        NpyVectors(*_table(tmp_path, matrix, words))


def test_a_vector_that_is_not_finite_is_an_error(tmp_path: Path) -> None:
    vectors = NpyVectors(*_table(tmp_path, np.array([[1.0], [np.nan]]), "a\nb\n"))

    assert vectors.lookup(["a"])[1].all()
    with pytest.raises(InputError, match="row 1: expected finite numbers"):
        vectors.lookup(["a", "b"])


def test_an_archive_is_not_a_matrix(tmp_path: Path) -> None:
    path, words = _table(tmp_path, np.eye(2), "a\nb\n")
    with path.open("wb") as file:
        np.savez(file, matrix=np.eye(2))

    with pytest.raises(InputError, match=r"no \.npy matrix can be read \(the magic string"):
        NpyVectors(path, words)


def _parquet(folder: Path, **columns: list[object]) -> tuple[Path, Path]:
    np.save(folder / "matrix.npy", np.arange(6, dtype=np.float32).reshape(3, 2))
    path = folder / "words"  # a fetched file has no ending
    parquet.write_table(pyarrow.table(columns), path)
    return folder / "matrix.npy", path


def test_words_may_be_in_a_parquet_table(tmp_path: Path) -> None:
    paths = _parquet(tmp_path, count=[7, 8, 9], index=["été", "chat\t1", "l'eau"])

    vectors = NpyVectors(*paths)

    assert list(vectors.words()) == ["été", "chat\t1", "l'eau"]
    assert vectors.lookup(["l'eau", "chat"])[0].tolist() == [[4, 5]]


@pytest.mark.parametrize(
    ("columns", "got"),
    [
        ({"count": [1, 2, 3]}, r"got the text columns \(none\)"),
        ({"a": ["b", "c", "d"], "e": ["f", "g", "h"]}, "got the text columns a, e"),
        ({"a": ["b", None, "d"]}, "without gaps, got the text columns a"),
        ({"a": ["b", "c"]}, "expected 3 words, as .* got 2"),
    ],
)
def test_another_parquet_table_is_an_error(
    columns: dict[str, list[object]], got: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=got):
        NpyVectors(*_parquet(tmp_path, **columns))


def test_a_damaged_parquet_table_is_an_error(tmp_path: Path) -> None:
    matrix, words = _parquet(tmp_path, index=["a", "b", "c"])
    words.write_bytes(words.read_bytes()[:-9])

    with pytest.raises(InputError, match="no Parquet table can be read"):
        NpyVectors(matrix, words)


def test_a_parquet_table_of_latin_1_words_is_an_error(tmp_path: Path) -> None:
    matrix, words = _parquet(tmp_path, index=["abc", "b", "c"])
    words.write_bytes(words.read_bytes().replace(b"abc", "été".encode("latin-1")))

    with pytest.raises(InputError, match=r"no Parquet table can be read \('utf-8' codec"):
        NpyVectors(matrix, words)


# spaCy numbers "aux" and "number" as its own symbols, not by a hash.
WORDS = ["été", "aux", "l’eau", "number", "chat"]  # noqa: RUF001


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a vocabulary that spaCy wrote; the last two words share a row."""
    nlp = spacy.blank("fr")
    nlp.vocab.reset_vectors(width=3)
    for place, word in enumerate(WORDS[:4]):
        row: Any = np.array([place, place + 0.5, -place], np.float32)
        nlp.vocab.set_vector(word, row)
    nlp.vocab.vectors.add("chat", row=nlp.vocab.vectors.find(key="number"))
    nlp.vocab.strings.add("chat")
    nlp.vocab.to_disk(tmp_path_factory.mktemp("vocab"))
    return tmp_path_factory.getbasetemp() / "vocab0"


def test_words_have_the_rows_that_spacy_gives_them(tables: Path) -> None:
    vectors = SpacyVectors(tables / "vectors", tables / "key2row")
    matrix, mask = vectors.lookup(["chat", "aux", "absent", "été", "number", ""])

    assert vectors.dim == 3
    assert mask.tolist() == [True, True, False, True, True, False]
    assert matrix.dtype == np.float32
    assert matrix.tolist() == [[3, 3.5, -3], [1, 1.5, -1], [0, 0.5, 0], [3, 3.5, -3]]


def test_a_row_that_is_not_finite_is_an_error(tables: Path, tmp_path: Path) -> None:
    matrix = np.load(tables / "vectors")
    matrix[1, 2] = np.nan
    with (tmp_path / "vectors").open("wb") as file:
        np.save(file, matrix)
    vectors = SpacyVectors(tmp_path / "vectors", tables / "key2row")

    assert vectors.lookup(["été"])[1].all()
    with pytest.raises(InputError, match="vectors, row 1: expected finite numbers"):
        vectors.lookup(["été", "aux"])


def test_no_words_give_an_empty_matrix(tables: Path) -> None:
    matrix, mask = SpacyVectors(tables / "vectors", tables / "key2row").lookup([])

    assert matrix.shape == (0, 3)
    assert mask.shape == (0,)


def test_rows_that_the_matrix_lacks_are_an_error(tables: Path, tmp_path: Path) -> None:
    srsly.write_msgpack(tmp_path / "key2row", {7: 0, 9: 999})

    with pytest.raises(InputError, match=r"key2row: names row 999, but .*vectors has \d+ rows"):
        SpacyVectors(tables / "vectors", tmp_path / "key2row")


@pytest.mark.parametrize("content", [b"", b"mot 1 2", b"\x93\x01\x02\x03", b"\x81\xa1a\xa1b"])
def test_a_file_other_than_key2row_is_an_error(
    content: bytes, tables: Path, tmp_path: Path
) -> None:
    (tmp_path / "key2row").write_bytes(content)

    with pytest.raises(InputError, match="key2row: expected spaCy's vocab/key2row"):
        SpacyVectors(tables / "vectors", tmp_path / "key2row")


def test_vectors_that_are_not_a_matrix_are_an_error(tables: Path) -> None:
    with pytest.raises(InputError, match=r"strings\.json: no \.npy matrix can be read"):
        SpacyVectors(tables / "strings.json", tables / "key2row")
