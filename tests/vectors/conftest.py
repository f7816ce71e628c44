"""Small fastText models, trained once for all tests of vectors."""

import random
from pathlib import Path

import fasttext
import pytest

# Accents, an apostrophe and letters of two, three and four bytes.
WORDS = ["été", "cœur", "naïve", "l’eau", "日本語", "𝒳y", "a", "chat", "banana", "where"]  # noqa: RUF001
UNKNOWN = ["étés", "cœurs", "日本", "bananas", "b", "é", "𝒳", "wherever", "chat chat"]  # noqa: RUF001


@pytest.fixture(scope="session")
def known_words() -> list[str]:
    """Return words that every model has seen."""
    return WORDS


@pytest.fixture(scope="session")
def unknown_words() -> list[str]:
    """Return words that no model has seen."""
    return UNKNOWN


@pytest.fixture(scope="session")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a text of 200 lines in which the words come with different frequencies."""
    generator = random.Random(5)
    words = WORDS + [f"w{number}" for number in range(37)]
    weights = range(len(words), 0, -1)
    lines = [" ".join(generator.choices(words, weights, k=9)) for _ in range(200)]
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def bin_model(text: Path) -> Path:
    """Return a skip-gram model with subwords of 2 to 4 characters."""
    return _unsupervised(text, "subwords.bin", minn=2, maxn=4, bucket=211, dim=7)


@pytest.fixture(scope="session")
def single_letter_model(text: Path) -> Path:
    """Return a model whose subwords are single characters to pairs."""
    return _unsupervised(text, "single.bin", minn=1, maxn=2, bucket=53, dim=5)


@pytest.fixture(scope="session")
def words_only_model(text: Path) -> Path:
    """Return a model without subwords."""
    return _unsupervised(text, "words.bin", minn=0, maxn=0, dim=6)


@pytest.fixture(scope="session")
def labelled_model(text: Path) -> Path:
    """Return a classifier with three labels, subwords and word pairs."""
    lines = text.read_text(encoding="utf-8").splitlines()
    labelled = text.with_name("labelled.txt")
    texts = [f"__label__{number % 3} {line}" for number, line in enumerate(lines)]
    labelled.write_text("\n".join(texts), encoding="utf-8")
    options = {"dim": 4, "minn": 3, "maxn": 5, "bucket": 397, "wordNgrams": 2, "epoch": 2}
    model = fasttext.train_supervised(str(labelled), thread=1, verbose=0, **options)
    path = text.with_name("labelled.bin")
    model.save_model(str(path))
    return path


def _unsupervised(text: Path, name: str, **options: int) -> Path:
    path = text.with_name(name)
    model = fasttext.train_unsupervised(
        str(text), model="skipgram", minCount=1, epoch=2, thread=1, verbose=0, **options
    )
    model.save_model(str(path))
    return path
