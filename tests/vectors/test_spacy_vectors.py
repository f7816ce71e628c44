"""Vectors out of the tables of a spaCy pipeline."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import srsly

from wordbridge.errors import InputError
from wordbridge.vectors.spacy_vectors import SpacyVectors

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


@pytest.mark.parametrize("with_strings", [True, False])
def test_words_are_found_as_spacy_finds_them(tables: Path, with_strings: bool) -> None:
    strings = tables / "strings.json" if with_strings else None

    vectors = SpacyVectors(tables / "vectors", tables / "key2row", strings)
    matrix, found = vectors.lookup(["chat", "aux", "absent", "été", "number", ""])

    assert vectors.dim == 3
    assert found.tolist() == [True, True, False, True, True, False]
    assert matrix.dtype == np.float32
    assert matrix.tolist() == [[3, 3.5, -3], [1, 1.5, -1], [0, 0.5, 0], [3, 3.5, -3]]


def test_no_words_give_an_empty_matrix(tables: Path) -> None:
    matrix, found = SpacyVectors(tables / "vectors", tables / "key2row").lookup([])

    assert matrix.shape == (0, 3)
    assert found.shape == (0,)


def test_rows_that_the_matrix_lacks_are_an_error(tables: Path, tmp_path: Path) -> None:
    srsly.write_msgpack(tmp_path / "key2row", {7: 0, 9: 999})

    with pytest.raises(InputError, match=r"key2row: names row 999, but .*vectors has \d+ rows"):
        SpacyVectors(tables / "vectors", tmp_path / "key2row")


@pytest.mark.parametrize("content", [b"", b"mot 1 2", b"\x93\x01\x02\x03", b"\x81\xa1a\xa1b"])
def test_another_file_than_key2row_is_an_error(
    content: bytes, tables: Path, tmp_path: Path
) -> None:
    (tmp_path / "key2row").write_bytes(content)

    with pytest.raises(InputError, match="key2row: expected spaCy's vocab/key2row"):
        SpacyVectors(tables / "vectors", tmp_path / "key2row")


def test_strings_of_another_pipeline_are_an_error(tables: Path, tmp_path: Path) -> None:
    srsly.write_json(tmp_path / "strings.json", ["what", "where"])

    with pytest.raises(InputError, match=r"strings\.json: names only 2 of the 5 keys"):
        SpacyVectors(tables / "vectors", tables / "key2row", tmp_path / "strings.json")


def test_strings_that_are_no_list_are_an_error(tables: Path, tmp_path: Path) -> None:
    (tmp_path / "strings.json").write_text("no list", encoding="utf-8")

    with pytest.raises(InputError, match=r"strings\.json: expected spaCy's vocab/strings\.json"):
        SpacyVectors(tables / "vectors", tables / "key2row", tmp_path / "strings.json")


def test_vectors_that_are_no_matrix_are_an_error(tables: Path) -> None:
    with pytest.raises(InputError, match=r"strings\.json: no \.npy matrix can be read"):
        SpacyVectors(tables / "strings.json", tables / "key2row")
