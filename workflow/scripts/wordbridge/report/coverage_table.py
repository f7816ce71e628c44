"""How much of the vocabularies, and of the text that is of their words, has a word vector."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from wordbridge.report.cells import Column
from wordbridge.report.frames import read_frame

CAPTION = (
    "Words of the vocabularies with a word vector, by the step that found it. Tokens are how often "
    "these words stand in the text that the vocabularies are counted in: the train part and the "
    "auxiliary text (with vocabulary.counted_in: all, every part). Words that vocabulary.size and "
    "vocabulary.min_count leave out, and their tokens, are in no row and no share."
)

COLUMNS = {
    "language": Column("Language"),
    "step": Column("Found by"),
    "types": Column("Words", 0),
    "type_share": Column("Words, %", 1, scale=100),
    "tokens": Column("Tokens", 0),
    "token_share": Column("Tokens, %", 1, scale=100),
    "examples": Column("Most frequent"),
}


def tabulate_coverage(reports: Mapping[str, str | Path]) -> pd.DataFrame:
    """Return the coverage reports (TSV files) of all languages below each other."""
    frames = []
    for language, path in reports.items():
        frame = read_frame(path, "build the embeddings again")
        frame.insert(0, "language", language)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)
