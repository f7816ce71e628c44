"""French queries beside English ones for the same pictures, in one table."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from wordbridge.report.cells import Column
from wordbridge.search.alignment import cross_fitted
from wordbridge.search.bilingual import NamePair, folds_of, mean_vectors
from wordbridge.search.exact import Vectors
from wordbridge.search.folder import Index
from wordbridge.search.name_scores import Queries, score_names
from wordbridge.search.question_queries import question_vectors
from wordbridge.search.translated_names import TranslatedName
from wordbridge.search.words import WordTable
from wordbridge.vectors.protocol import WordVectors

_CAPTION = "Pictures found by their names in both languages, among those that were not trained on."
_TRANSLATED = (
    "{caption} Aligned: French words, in the space of the English ones after a rotation. "
    "Translated: the same names without article as questions ({form}) through the translator "
    "{translator}, which has the best BLEU on the scored part; one that gives no word to search "
    "with is a miss."
)

_SHARE = "Share of names with a picture of the noun among the first k."
_BEFORE = {
    "language": Column("Language"),
    "names": Column("Names", 0),
    "queries": Column("Queries", 0, note="Names that give words to search with."),
    "known": Column("Known", 0, note="Names of which vectors or translator know every word."),
    "pictures": Column("Pictures", 0),
}
_BEHIND = {
    "mrr": Column("MRR", 3, best="high", note="Mean reciprocal rank of the first right picture."),
}


def caption(translated: Mapping[str, TranslatedName]) -> str:
    """Return the caption, which tells how questions went if any were ``translated``."""
    for one in translated.values():
        form = one.question.replace(one.name, "\u2026")
        return _TRANSLATED.format(caption=_CAPTION, form=form, translator=one.translator)
    return _CAPTION


def tabulate_french(
    pairs: Sequence[NamePair],
    french: WordVectors,
    english: WordTable,
    index: Index,
    folds: int,
    ks: Sequence[int],
    translated: Mapping[str, TranslatedName],
) -> pd.DataFrame:
    """Return a row per language with hit@k for each of ``ks`` and the mean reciprocal rank.

    No French name is asked with an alignment that it had a part in: they are dealt into
    ``folds``, and each fold is mapped by what is fitted on the others. ``translated`` has the
    names' questions by spelling; where there are none, they have no row.
    """
    target = mean_vectors([pair.en for pair in pairs], english)
    source = mean_vectors([pair.fr for pair in pairs], french)
    mapped = cross_fitted(source, target, folds_of(pairs, folds))
    needed = {"English": _queries(target), "French, aligned": _queries(mapped)}
    questions = [translated[pair.spelled] for pair in pairs] if translated else []
    beside = {"French, translated": _translated(questions, english)} if translated else {}
    return pd.DataFrame(score_names(pairs, needed, beside, index, ks))


def french_columns(frame: pd.DataFrame) -> dict[str, Column]:
    """Return how the columns of the table are shown, with every hit@k that it has."""
    hits = [str(name) for name in frame.columns if str(name).startswith("hit@")]
    shown = {
        name: Column(f"{name}, %", 1, scale=100, best="high", note="" if place else _SHARE)
        for place, name in enumerate(hits)
    }
    return _BEFORE | shown | _BEHIND


def _queries(vectors: Vectors) -> Queries:
    return Queries(vectors, np.any(vectors, axis=1))


def _translated(questions: Sequence[TranslatedName], english: WordTable) -> Queries:
    vectors = question_vectors([one.translation for one in questions], english)
    return Queries(vectors, np.array([not one.unknown for one in questions]))
