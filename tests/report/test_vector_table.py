"""Tests of the table of word vectors."""

import pandas as pd

from wordbridge.report.vector_table import COLUMNS, tabulate_vectors
from wordbridge.vectors.description import Description

FRENCH = Description(size=9, dim=4, measured=3, mean=0.1, deviation=0.5, correlations=())
ENGLISH = Description(8, 4, 2, 0.2, 0.6, (0.75, float("nan")))
DESCRIBED = {"French": ("spacy", FRENCH), "English": ("text", ENGLISH)}


def test_each_language_has_a_row() -> None:
    table = tabulate_vectors(DESCRIBED)

    assert list(table.columns) == list(COLUMNS)
    assert list(table["language"]) == ["French", "English"]
    assert list(table["kind"]) == ["spacy", "text"]
    assert list(table["words"]) == [9, 8]
    assert table["jeremy_Jeremy"][1] == 0.75
    assert pd.isna([table["jeremy_Jeremy"][0], table["banana_Jeremy"][1]]).all()


def test_the_printed_figures_stand_below_english() -> None:
    table = tabulate_vectors(DESCRIBED, published=True)

    assert list(table["run"]) == ["here", "here", "notes"]
    assert list(table["language"]) == ["French", "English", "English"]
    printed = table.iloc[2]
    assert (printed["words"], printed["mean"], printed["std"]) == (2_519_370, 0.0076, 0.2928)
    assert (printed["jeremy_Jeremy"], printed["banana_Jeremy"]) == (0.60866, 0.14482)
