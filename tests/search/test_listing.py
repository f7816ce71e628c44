"""Which words a table for searching holds."""

import json
from pathlib import Path

import numpy as np

from wordbridge.search.listing import words_to_search
from wordbridge.vectors.no_vectors import NoVectors
from wordbridge.vectors.npy_vectors import NpyVectors


def test_the_most_frequent_words_of_the_source_come_before_those_needed(tmp_path: Path):
    np.save(tmp_path / "m.npy", np.ones((4, 2), np.float32))
    (tmp_path / "w.txt").write_text("the\ndog\na b\nrare\n", encoding="utf-8")
    vectors = NpyVectors(tmp_path / "m.npy", tmp_path / "w.txt")

    assert words_to_search(["boat", "dog"], vectors, {}, 3) == ["the", "dog", "boat"]


def test_of_a_table_without_order_all_words_in_lower_case_are_taken(tmp_path: Path):
    path = tmp_path / "strings.json"
    path.write_text(json.dumps(["été", "Paris", "chat", "\n"]), encoding="utf-8")

    assert words_to_search(["x"], NoVectors(3), {"strings": path}, 1) == ["chat", "été", "x"]
    assert words_to_search(["x"], NoVectors(3), {}, 1) == ["x"]
