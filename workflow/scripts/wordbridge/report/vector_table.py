"""The table of what the word vectors are like, beside what the lesson printed of its own."""

from collections.abc import Mapping

import pandas as pd

from wordbridge.report.cells import Column
from wordbridge.vectors.description import Description

CAPTION = "Word vectors as they come, before the embeddings scale them."
# The lesson asks its English vectors whether case matters little and unlike words differ much.
PAIRS = (("jeremy", "Jeremy"), ("banana", "Jeremy"))

COLUMNS = {
    "language": Column("Language"),
    "run": Column(
        "Run", note="here, or what notes on the 2018 lesson printed (fastText's wiki.en)"
    ),
    "kind": Column("Kind"),
    "words": Column("Words", 0, note="words with a vector"),
    "dim": Column("Numbers", 0, note="numbers in each vector"),
    "measured": Column(
        "Measured", 0, note="words that mean and deviation are of: here those of the vocabulary"
    ),
    "mean": Column("Mean", 4),
    "std": Column("Deviation", 4, note="standard deviation of all numbers"),
    "jeremy_Jeremy": Column("jeremy, Jeremy", 3, note="correlation of the two words' vectors"),
    "banana_Jeremy": Column("banana, Jeremy", 3),
}
PUBLISHED = Description(
    size=2_519_370,
    dim=300,
    measured=2_519_370,
    mean=0.0076,
    deviation=0.2928,
    correlations=(0.60866, 0.14482),
)


def tabulate_vectors(
    described: Mapping[str, tuple[str, Description]], published: bool = False
) -> pd.DataFrame:
    """Return a row for each language's kind and description of vectors.

    ``published`` puts the lesson's figures below the row of English.
    """
    rows = []
    for language, (kind, description) in described.items():
        rows.append(_row(language, "here", kind, description))
        if published and language == "English":
            rows.append(_row(language, "notes", "fasttext", PUBLISHED))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(language: str, run: str, kind: str, described: Description) -> dict[str, object]:
    figures = {
        "words": described.size,
        "dim": described.dim,
        "measured": described.measured,
        "mean": described.mean,
        "std": described.deviation,
    }
    pairs = zip(("jeremy_Jeremy", "banana_Jeremy"), described.correlations, strict=False)
    return {"language": language, "run": run, "kind": kind, **figures, **dict(pairs)}
