"""How much of the vocabularies and of the text has a word vector, in one table."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from wordbridge.report.cells import Column
from wordbridge.report.frames import read_frame

CAPTION = "Words and tokens of the train part with a word vector, by the step that found it."

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
