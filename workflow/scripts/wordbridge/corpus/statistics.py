"""Tables about the corpus."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from wordbridge.corpus.pairs import REPORT
from wordbridge.corpus.tokenized import TABLED_PARTS, TokenizedPair
from wordbridge.errors import InputError, brief
from wordbridge.table_file import read_table

PERCENTILES = (90, 97, 99)  # those that the lesson looks at
_REMEDY = "make the report again"


def read_reports(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Return what each step kept and rejected: columns step, reason, count.

    A step's name is that of its file, x for x.report.tsv, or of the folder for x/report.tsv.
    Raises InputError when a file cannot be read or is no report of counts.
    """
    rows: list[tuple[str, str, int]] = []
    for path in map(Path, paths):
        step = path.parent.name if path.stem == "report" else path.stem.removesuffix(".report")
        counts = read_table(path, REPORT, _count, _REMEDY)
        rows.extend((step, reason, count) for reason, count in counts)
    return pd.DataFrame(rows, columns=["step", "reason", "count"])


def describe(pairs: Sequence[TokenizedPair]) -> pd.DataFrame:
    """Return a row of figures for each language and part, and for all parts together.

    Columns: language, part, pairs, tokens, types, once (types seen once), mean, p90, p97, p99
    and longest. The last five are lengths in tokens, without the end of sequence.
    """
    present = [part for part in TABLED_PARTS if any(pair.part == part for pair in pairs)]
    rows = []
    for language in ("fr", "en"):
        for part in [*present, "all"]:
            texts = [
                pair.fr_tokens if language == "fr" else pair.en_tokens
                for pair in pairs
                if part in (pair.part, "all")
            ]
            rows.append({"language": language, "part": part, **_figures(texts)})
    return pd.DataFrame(rows)


def _count(reason: str, count: str) -> tuple[str, int]:
    if not count.isdecimal():
        raise InputError(f"expected a number as count, got {brief(count)!r}; {_REMEDY}")
    return reason, int(count)


def _figures(texts: Sequence[Sequence[str]]) -> dict[str, float]:
    lengths = np.array([len(tokens) for tokens in texts])
    counts = Counter(chain.from_iterable(texts))
    return {
        "pairs": len(texts),
        "tokens": int(lengths.sum()),
        "types": len(counts),
        "once": sum(count == 1 for count in counts.values()),
        "mean": round(float(lengths.mean()), 2) if len(lengths) else 0.0,
        **{f"p{p}": int(np.percentile(lengths, p)) if len(lengths) else 0 for p in PERCENTILES},
        "longest": int(lengths.max(initial=0)),
    }
