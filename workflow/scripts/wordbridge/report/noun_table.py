"""How many nouns have a word vector, by how one is found, as it is shown."""

from pathlib import Path

import pandas as pd

from wordbridge.report.cells import Column
from wordbridge.report.frames import read_frame

CAPTION = "Nouns of WordNet and classes of ImageNet with a word vector, by how it is found."

COLUMNS = {
    "lemmas": Column("Lemmas tried"),
    "multiword": Column(
        "Several words", note="skip: none has a vector; mean: that of the vectors of its parts"
    ),
    "case": Column("Case", note="most frequent: case does not count, the most frequent form wins"),
    "used": Column("In use"),
    "nouns": Column("Nouns", 0),
    "noun_share": Column("Nouns, %", 1, scale=100),
    "vectors": Column("Different vectors", 0),
    "classes": Column("Classes", 0),
    "class_share": Column("Classes, %", 1, scale=100),
    "class_vectors": Column("Different", 0, note="vectors of classes that differ"),
    "own": Column("Own vector", 0, note="nouns whose lemma has a vector of its own"),
    "parts": Column("Of parts", 0),
    "other": Column("Other lemma", 0, note="nouns whose first lemma has no vector"),
}


def tabulate_nouns(path: str | Path) -> pd.DataFrame:
    """Return the coverage of the nouns that ``embed_nouns`` measured."""
    return read_frame(path, "embed the nouns again")
