"""Word vectors trained on the corpus itself."""

import random
from pathlib import Path

import numpy as np
import pytest

from tests.settings import defaults
from wordbridge.errors import InputError
from wordbridge.files import DiskError
from wordbridge.vectors.fasttext import FastTextBin
from wordbridge.vectors.skipgram import train_vectors

SETTINGS = defaults("vectors.*", "trained") | {
    "dim": 9,
    "epochs": 20,
    "bucket": 200,
    "learning_rate": 0.2,
    "t": 1.0,
}


@pytest.fixture(scope="module")
def texts() -> list[list[str]]:
    """Return texts about cats or ships, never both."""
    generator = random.Random(3)
    topics = [["chat", "miaule", "dort", "l’été"], ["bateau", "vogue", "mer", "port"]]  # noqa: RUF001
    return [generator.choices(topics[number % 2], k=8) for number in range(300)] + [["seul"]]


def test_words_of_one_context_get_similar_vectors(texts: list[list[str]], tmp_path: Path) -> None:
    train_vectors(texts, tmp_path / "words.bin", SETTINGS)

    vectors = FastTextBin(tmp_path / "words.bin", unit_length=True)
    matrix, mask = vectors.lookup(["chat", "miaule", "bateau", "l’été", "seul"])  # noqa: RUF001
    assert vectors.dim == 9
    assert mask.tolist() == [True, True, True, True, False]
    assert matrix[0] @ matrix[1] > matrix[0] @ matrix[2] + 0.2
    assert np.isfinite(matrix).all()


def test_equal_texts_give_equal_bytes(texts: list[list[str]], tmp_path: Path) -> None:
    for name in ("a.bin", "b.bin"):
        train_vectors(iter(texts), tmp_path / name, SETTINGS)

    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.usefixtures("small_files")
def test_a_model_that_the_library_truncates_silently_is_an_error(
    texts: list[list[str]], tmp_path: Path
) -> None:
    with pytest.raises(DiskError, match=r"words\.bin: expected to write it, got 'No space left"):
        train_vectors(texts[:9], tmp_path / "words.bin", SETTINGS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("texts", [[], [["seul"], ["autre"]]])
def test_texts_without_frequent_words_are_an_error(texts: list[list[str]], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="words that occur at least 2 times"):
        train_vectors(texts, tmp_path / "words.bin", SETTINGS)

    assert not list(tmp_path.iterdir())
