from pathlib import Path

import numpy as np
import pytest

from wordbridge.devise.noun_rows import NounRow, write_noun_rows
from wordbridge.devise.noun_table import Noun
from wordbridge.devise.words import Words, read_words
from wordbridge.errors import InputError
from wordbridge.vectors.matrix_file import save_matrix

NOUNS = [
    Noun("n1", ("entity",), (), None, ""),
    Noun("n2", ("great_white_shark", "shark"), ("n1",), 2, ""),
    Noun("n3", ("boat",), ("n1",), None, ""),
]


def read(folder: Path, *synsets: str) -> Words:
    rows = [NounRow(s, s, "first exact", {"n2": 2}.get(s)) for s in synsets]
    write_noun_rows(folder / "rows.tsv", rows)
    save_matrix(np.ones((len(rows), 4), np.float32), folder / "rows.npy")
    return read_words(folder / "rows.npy", folder / "rows.tsv", NOUNS)


def test_rows_know_their_places_among_all_nouns(tmp_path: Path):
    found = read(tmp_path, "n3", "n2")
    assert found.nodes.tolist() == [2, 1]
    assert found.classes.tolist() == [1]
    assert found.name(1) == "great white shark"
    assert found.graph().distances(1).tolist() == [1, 0, 2]


def test_vectors_of_other_nouns_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="got n9; embed the nouns again"):
        read(tmp_path, "n2", "n9")
