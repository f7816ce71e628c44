"""Which spelling of a word stands for it where case does not count."""

from collections.abc import Sequence
from pathlib import Path

import fasttext
import numpy as np
import pytest

from wordbridge.errors import InputError
from wordbridge.vectors.casing import known_spellings
from wordbridge.vectors.fasttext_bin import FastTextBin
from wordbridge.vectors.npy_vectors import NpyVectors
from wordbridge.vectors.protocol import Mask, Matrix
from wordbridge.vectors.text_vectors import TextVectors

WORDS = ["Turkey", "été", "TURKEY", "turkey", "New-York", "shark"]


class Unlisted:
    """Vectors of one number that cannot say which words they have."""

    dim = 1

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        mask = np.array([word in WORDS for word in words], np.bool_)
        return np.ones((int(mask.sum()), 1), np.float32), mask


@pytest.fixture(params=["text", "headed", "npy"])
def listed(request: pytest.FixtureRequest, tmp_path: Path) -> TextVectors | NpyVectors:
    if request.param == "npy":
        np.save(tmp_path / "matrix.npy", np.ones((6, 2), np.float32))
        (tmp_path / "words").write_text("\n".join(WORDS), encoding="utf-8")
        return NpyVectors(tmp_path / "matrix.npy", tmp_path / "words")
    head = "6 2\n" if request.param == "headed" else ""
    lines = "".join(f"{word} 1.5 2.5\n" for word in WORDS)
    (tmp_path / "words.vec").write_text(head + lines, encoding="utf-8")
    return TextVectors(tmp_path / "words.vec")


def test_the_most_frequent_form_wins(listed: TextVectors | NpyVectors) -> None:
    found = known_spellings(["turkey", "NEW-YORK", "Été", "cat"], listed)

    assert list(listed.words()) == WORDS
    assert found.exact == {"turkey"}
    assert found.lower == {"turkey": "Turkey", "new-york": "New-York", "été": "été"}


def test_rare_words_are_left_out(listed: TextVectors | NpyVectors) -> None:
    found = known_spellings(["turkey", "shark"], listed, frequent_words=4)

    assert found.exact == {"turkey"}
    assert found.lower == {"turkey": "Turkey"}


def test_a_table_that_lists_nothing_is_asked_for_usual_forms() -> None:
    found = known_spellings(["turkey", "new-york", "Été", "cat"], Unlisted())

    assert found.exact == {"turkey"}
    assert found.lower == {"turkey": "turkey", "new-york": "New-York", "été": "été"}
    with pytest.raises(InputError, match="frequent_words: expected vectors that are listed"):
        known_spellings(["turkey"], Unlisted(), frequent_words=5)


def test_a_model_lists_its_words_by_frequency(bin_model: Path) -> None:
    model = FastTextBin(bin_model)

    words = list(model.words())

    assert words == fasttext.load_model(str(bin_model)).get_words()
    assert known_spellings([words[3].upper()], model).lower == {words[3]: words[3]}
