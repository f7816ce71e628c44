"""The leak audit as it is shown."""

from wordbridge.report.cells import Column

CAPTION = (
    "Leak audit: how many pairs of a part have a like pair in another part. "
    "With the grouped split every count is 0."
)

COLUMNS = {
    "part": Column("Part"),
    "other": Column("Other part"),
    "pairs": Column("Pairs", 0),
    "exact": Column("Exact", 0, note="the same texts"),
    "normalised": Column("Normalised", 0, note="up to case, punctuation and spaces"),
    "english_only": Column("English only", 0),
    "french_only": Column("French only", 0),
    "group": Column("Group", 0, note="another version of the same verse"),
}
