"""Vectors opened by the name of their kind."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import wordbridge
from wordbridge.errors import InputError
from wordbridge.vectors.protocol import SubwordVectors
from wordbridge.vectors.source import configured_vectors, open_vectors


def test_text_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "words.vec"
    path.write_text("a 1 2\n", encoding="utf-8")

    assert open_vectors("text", {"vec": path}).lookup(["a"])[0].tolist() == [[1, 2]]


def test_a_matrix_is_opened(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.eye(1, 3))
    (tmp_path / "w.txt").write_text("a\n", encoding="utf-8")

    assert open_vectors("npy", {"matrix": tmp_path / "m.npy", "words": tmp_path / "w.txt"}).dim == 3


def test_only_fasttext_models_compose(bin_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "words.vec"
    path.write_text("a 1 2\n", encoding="utf-8")

    assert isinstance(open_vectors("fasttext", {"bin": bin_model}), SubwordVectors)
    assert not isinstance(open_vectors("text", {"vec": path}), SubwordVectors)


def test_unit_length_is_passed_on(bin_model: Path) -> None:
    vectors = open_vectors("fasttext", {"bin": bin_model}, unit_length=True)

    assert np.linalg.norm(vectors.lookup(["chat"])[0]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("kind", "files", "unit_length", "message"),
    [
        ("fastext", {}, False, "expected one of fasttext, text, spacy, npy; did you mean fasttext"),
        ("zzz", {}, False, "choose one of them"),
        ("text", {}, False, "kind text: expected the files vec, got none"),
        ("spacy", {"vectors": "a"}, False, r"vectors, key2row, \[strings\], got vectors;"),
        ("fasttext", {"bin": "a", "vec": "b"}, False, "expected the files bin, got bin, vec"),
        ("text", {"vec": "a"}, True, "unit_length is for kind fasttext only"),
    ],
)
def test_what_cannot_be_opened_says_why(
    kind: str, files: dict[str, str], unit_length: bool, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        open_vectors(kind, files, unit_length=unit_length)


def test_no_library_is_imported_for_another_kind() -> None:
    code = (
        "import sys, wordbridge.vectors.source as s\n"
        "try: s.open_vectors('text', {'vec': 'none.vec'})\n"
        "except Exception as error: print(type(error).__name__, 'spacy' in sys.modules)"
    )
    environment = {"PYTHONPATH": str(Path(wordbridge.__file__).parents[1])}

    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
    )

    assert done.stdout == "InputError False\n"


def test_a_configured_kind_takes_its_own_files_among_others(bin_model: Path) -> None:
    files: dict[str, str | Path] = {"bin": bin_model, "vocabulary": "vocabulary.tsv"}

    plain = configured_vectors({"kind": "fasttext"}, files)
    trained = configured_vectors({"kind": "trained", "unit_length": True}, files)

    assert np.linalg.norm(plain.lookup(["chat"])[0]) != pytest.approx(1)
    assert np.linalg.norm(trained.lookup(["chat"])[0]) == pytest.approx(1)


def test_random_vectors_need_no_file() -> None:
    vectors = configured_vectors({"kind": "random", "dim": 7}, {})

    assert vectors.dim == 7
    assert not vectors.lookup(["le", "chat"])[1].any()


def test_an_unknown_configured_kind_is_refused() -> None:
    with pytest.raises(InputError, match="vectors of kind 'glove'"):
        configured_vectors({"kind": "glove"}, {})
