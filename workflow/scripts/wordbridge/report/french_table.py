"""French queries beside English ones for the same pictures, in one table."""

from collections.abc import Sequence

import pandas as pd

from wordbridge.report.cells import Column
from wordbridge.search.alignment import cross_fitted
from wordbridge.search.bilingual import NamePair, folds_of, mean_vectors, score_names
from wordbridge.search.folder import Index
from wordbridge.search.words import WordTable
from wordbridge.vectors.protocol import WordVectors

CAPTION = "Pictures found by their names in both languages, among those that were not trained on."

_SHARE = "Share of names with a picture of the noun among the first k."
COLUMNS = {
    "language": Column("Language"),
    "names": Column("Names", 0),
    "pictures": Column("Pictures", 0),
    **{
        f"hit@{k}": Column(f"hit@{k}, %", 1, scale=100, best="high", note=_SHARE if k == 1 else "")
        for k in (1, 2, 5, 10, 20)
    },
    "mrr": Column("MRR", 3, best="high", note="Mean reciprocal rank of the first right picture."),
}


def tabulate_french(
    pairs: Sequence[NamePair],
    french: WordVectors,
    english: WordTable,
    index: Index,
    folds: int,
    ks: Sequence[int],
) -> pd.DataFrame:
    """Return a row per language with hit@k for each of ``ks`` and the mean reciprocal rank.

    No French name is asked with an alignment that it had a part in: they are dealt into
    ``folds``, and each fold is mapped by what is fitted on the others.
    """
    target = mean_vectors([pair.en for pair in pairs], english)
    source = mean_vectors([pair.fr for pair in pairs], french)
    mapped = cross_fitted(source, target, folds_of(pairs, folds))
    return pd.DataFrame(score_names(pairs, {"English": target, "French": mapped}, index, ks))
