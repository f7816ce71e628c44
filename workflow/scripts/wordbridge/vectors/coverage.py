"""How much of a vocabulary has vectors, and what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from wordbridge.corpus.escapes import escape_token
from wordbridge.table_file import rounded, write_table
from wordbridge.vectors.resolution import EXACT, MISSING, Resolution

_EXAMPLES = 8
_ALL = "all"


@dataclass(frozen=True, eq=False)
class Coverage:
    """Two tables.

    ``report``, by step (exact, each fall-back, missing, all): how many words of the
    vocabulary, which share of them, how many of the corpus's tokens, which share of them,
    the most frequent examples. ``misses``: every word without vector, its count, its share of
    the tokens; the most frequent first.
    """

    report: pd.DataFrame
    misses: pd.DataFrame


def coverage(
    words: Sequence[str], counts: Sequence[int], resolution: Resolution, fallbacks: Sequence[str]
) -> Coverage:
    """Return the coverage of ``words``, which stand ``counts`` times in the corpus."""
    found = pd.DataFrame(
        {
            "token": list(words),
            "count": list(counts),
            "step": list(resolution.steps),
            "spelling": list(resolution.spellings),
        }
    )
    found = found.sort_values(["count", "token"], ascending=[False, True], kind="stable")
    tokens = max(int(found["count"].sum()), 1)
    steps = [EXACT, *fallbacks, MISSING, _ALL]
    rows = [_row(step, found if step == _ALL else found[found["step"] == step]) for step in steps]
    report = pd.DataFrame(rows)
    report.insert(2, "type_share", report["types"] / max(len(found), 1))
    report.insert(4, "token_share", report["tokens"] / tokens)
    misses = found.loc[found["step"] == MISSING, ["token", "count"]].reset_index(drop=True)
    misses["token_share"] = misses["count"] / tokens
    return Coverage(report, misses)


def write_coverage(coverage: Coverage, report: str | Path, misses: str | Path) -> None:
    """Write the two tables as TSV, tokens escaped."""
    escaped = coverage.misses.assign(token=coverage.misses["token"].map(escape_token))
    for table, path in ((coverage.report, report), (escaped, misses)):
        rows = (map(rounded, row) for row in table.itertuples(index=False))
        write_table(path, table.columns, rows)


def _row(step: str, found: pd.DataFrame) -> dict[str, object]:
    shown = found.head(_EXAMPLES) if step != _ALL else found.head(0)
    pairs = zip(shown["token"], shown["spelling"], strict=True)
    return {
        "step": step,
        "types": len(found),
        "tokens": int(found["count"].sum()),
        "examples": " ".join(_example(token, spelling) for token, spelling in pairs),
    }


def _example(token: str, spelling: str) -> str:
    shown = escape_token(token)
    if spelling in ("", token):
        return shown
    return f"{shown}>{'+'.join(map(escape_token, spelling.split(' ')))}"
