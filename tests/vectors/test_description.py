"""Figures of word vectors as the lesson printed them of its own."""

from pathlib import Path

import fasttext
import numpy as np
import pytest

from wordbridge.vectors.description import describe_vectors
from wordbridge.vectors.source import configured_vectors, open_vectors


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Return vectors of four numbers, three words."""
    path = tmp_path / "words.vec"
    path.write_text("a 1 2 3 4\nA 2 4 6 8\nb 4 3 2 1\n", encoding="utf-8")
    return path


def test_spread_is_of_the_words_asked_for_and_correlations_of_any(lines: Path) -> None:
    pairs = [("a", "A"), ("a", "b"), ("a", "zzz"), ("zzz", "a")]
    described = describe_vectors(open_vectors("text", {"vec": lines}), ["b", "none", "a"], pairs)

    assert (described.size, described.dim, described.measured) == (3, 4, 2)
    assert described.mean == 2.5
    assert described.deviation == pytest.approx(1.25**0.5)
    assert described.correlations[:2] == pytest.approx((1, -1))
    assert np.isnan(described.correlations[2:]).all()


def test_words_that_are_asked_for_twice_count_as_often(lines: Path) -> None:
    described = describe_vectors(
        open_vectors("text", {"vec": lines}), ["a", "a", "b"], [("a", "A")]
    )

    assert described.measured == 3
    assert described.correlations == pytest.approx((1,))


def test_no_vectors_have_no_figures() -> None:
    described = describe_vectors(configured_vectors({"kind": "random", "dim": 5}, {}), ["a"])

    assert (described.size, described.dim, described.measured) == (0, 5, 0)
    assert np.isnan([described.mean, described.deviation]).all()


def test_every_kind_knows_how_many_words_it_has(lines: Path, bin_model: Path) -> None:
    np.save(lines.with_name("m.npy"), np.eye(3, 2))
    lines.with_name("w.txt").write_text("a\nb\na\n", encoding="utf-8")
    files = {"matrix": lines.with_name("m.npy"), "words": lines.with_name("w.txt")}
    headed = lines.with_name("headed.vec")
    headed.write_text("2 2\na 1 2\nb 3 4\n", encoding="utf-8")

    assert open_vectors("npy", files).size == 2
    assert open_vectors("text", {"vec": lines}).size == 3
    assert open_vectors("text", {"vec": headed}).size == 2
    model = fasttext.load_model(str(bin_model))
    assert open_vectors("fasttext", {"bin": bin_model}).size == len(model.words)
