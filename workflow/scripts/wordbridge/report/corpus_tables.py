"""The tables about the corpus as they are shown."""

from wordbridge.report.cells import Column

LENGTHS_CAPTION = "Tokens, words and lengths of each part; lengths in tokens."

LENGTHS_COLUMNS = {
    "language": Column("Language"),
    "part": Column("Part"),
    "pairs": Column("Pairs", 0),
    "tokens": Column("Tokens", 0),
    "types": Column("Types", 0, note="different tokens"),
    "once": Column("Seen once", 0, note="types that stand only once in the part"),
    "mean": Column("Mean length", 2),
    "p90": Column("90th percentile", 0),
    "p97": Column("97th", 0),
    "p99": Column("99th", 0),
    "longest": Column("Longest", 0),
}

PAIRS_CAPTION = "Pairs read, rejected and kept, step by step."

PAIRS_COLUMNS = {"step": Column("Step"), "reason": Column("Reason"), "count": Column("Pairs", 0)}
