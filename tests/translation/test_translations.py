"""Tests of the tables of translations and of attention."""

from pathlib import Path

import numpy as np
import pytest

from wordbridge.errors import InputError
from wordbridge.translation.translations import (
    COLUMNS,
    Translation,
    read_attention,
    read_translations,
    write_attention,
    write_translations,
)

MADE = [
    Translation("Où ?", "Where?", "where\n is it ?", ["où", "?"], ["where", "\n", "?"], -1.25),
    Translation("Qui  va ?", "Who?", "", ["qui", "va"], [], float("-inf")),
]


def test_translations_come_back(tmp_path: Path) -> None:
    write_translations(tmp_path / "t.tsv", MADE)
    first, second = read_translations(tmp_path / "t.tsv")
    assert (first.source, first.reference, first.hypothesis) == ("Où ?", "Where?", "where is it ?")
    assert (first.source_tokens, first.tokens) == (["où", "?"], ["where", "\n", "?"])
    assert first.log_probability == -1.25
    assert (second.source, second.tokens) == ("Qui  va ?", [])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "expected the columns source"),
        ("a\tb\n", "expected the columns source"),
        ("source\treference\n1\t2\n", "expected the columns source"),
        ("\t".join(COLUMNS) + "\n1\t2\n", "line 2: expected 6 columns, got 2"),
    ],
)
def test_another_table_is_an_error(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "t.tsv"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_translations(path)


def test_attention_comes_back_by_number(tmp_path: Path) -> None:
    weights = [np.random.RandomState(size).rand(size, 5 - size) for size in (1, 2, 3)]
    made = [Translation("", "", "", [], [], 0.0, weight.astype(np.float32)) for weight in weights]
    write_attention(tmp_path / "a.npz", made)
    for number, weight in enumerate(weights):
        np.testing.assert_allclose(read_attention(tmp_path / "a.npz", number), weight, rtol=1e-6)


def test_a_model_without_attention_has_none_to_show(tmp_path: Path) -> None:
    write_attention(tmp_path / "a.npz", MADE)
    with pytest.raises(InputError, match="got it for 0; translate the part"):
        read_attention(tmp_path / "a.npz", 0)
