"""Scores of the translators by groups of sentences: by source length, and by rarest source word."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from wordbridge.corpus.pairs import TokenizedPair, token_lists
from wordbridge.report.figures import lines_figure
from wordbridge.report.tables import Column, Table
from wordbridge.translation.bootstrap import Resampler, Run
from wordbridge.translation.sentence_scores import SentenceScore

LENGTH_BINS = 4
# Counts of a source's rarest word in the training text, the easiest sources first.
RARITY_BINS = {"above 20": (21, np.inf), "6-20": (6, 20), "1-5": (1, 5), "0": (0, 0)}
SCORES = {
    "bleu": Column("BLEU, 1 ref.", 1),
    "chrf": Column("chrF, 1 ref.", 1),
    "nll": Column("NLL", 3, note="negative log-likelihood in nats per token of all references"),
}


class Grouping(NamedTuple):
    """How sentences are grouped: the column of the groups, and their first and last sources."""

    column: str
    heading: str
    caption: str
    first: str
    last: str


LENGTHS = Grouping(
    "tokens", "Source tokens", "the length of the source", "the shortest", "the longest sources"
)
RAREST_WORDS = Grouping(
    "count", "Count of the rarest word", "the count of the rarest source word in the training text",
    "sources of frequent words", "those with the rarest words",
)  # fmt: skip


def by_rarest_word(
    rows: Sequence[SentenceScore], pairs: Sequence[TokenizedPair], language: str
) -> dict[str, NDArray[np.bool_]]:
    """Return the sentences of each non-empty bin of RARITY_BINS.

    ``pairs`` have the sources of ``rows`` in ``language``, and the training text that counts,
    auxiliary text included.
    """
    counts = Counter(chain.from_iterable(token_lists(pairs, language, "train")))
    tokens = {getattr(pair, language): getattr(pair, f"{language}_tokens") for pair in pairs}
    rarest = [min((counts[token] for token in tokens[row.source]), default=0) for row in rows]
    masks = {
        name: (np.array(rarest) >= low) & (np.array(rarest) <= high)
        for name, (low, high) in RARITY_BINS.items()
    }
    return {name: mask for name, mask in masks.items() if mask.any()}


def difficulty_table(
    runs: Mapping[str, Sequence[Run]],
    masks: Mapping[str, NDArray[np.bool_]],
    grouping: Grouping,
    split: str,
) -> Table:
    """Return the scores of each variant in each group, with 95 % intervals; means over seeds."""
    resampler = Resampler(next(iter(runs.values()))[0])
    rows = []
    for name, mask in masks.items():
        # A resample may have no sentence of the group.
        has_group = resampler.totals(mask[:, None].astype(float))[:, 0] > 0
        for variant, seed_runs in runs.items():
            row: dict[str, Any] = {grouping.column: name, "sentences": int(mask.sum())}
            row |= {"variant": variant}
            for metric in SCORES:
                with np.errstate(invalid="ignore"):
                    score, *resampled = resampler.mean_scores(seed_runs, metric, mask)[has_group]
                low, high = np.percentile(resampled or [score], [2.5, 97.5])
                row |= {metric: score, f"{metric}_low": low, f"{metric}_high": high}
            rows.append(row)
    columns = {
        grouping.column: Column(grouping.heading),
        "sentences": Column("Sentences", 0),
        "variant": Column("Variant"),
        **SCORES,
    }
    frame = pd.DataFrame(rows)
    bleu = frame.pivot_table("bleu", "variant", grouping.column, sort=False)
    losses = (bleu.iloc[:, 0] - bleu.iloc[:, -1]).sort_values()
    falls = ", ".join(f"{loss:z.1f} ({name})" for name, loss in losses.items())
    sentence = f"From {grouping.first} to {grouping.last}, BLEU falls by {falls}."
    if len(masks) < 2:
        sentence = "All sources are in one group."
    caption = (
        f"Scores on the {split} split by {grouping.caption}, with 95 % intervals (bootstrap over "
        f"groups of sentences). {sentence}"
    )
    return Table(frame, caption, columns, group=True)


def difficulty_figure(table: Table, grouping: Grouping) -> Figure:
    """Return a line per variant: BLEU against the groups."""
    variants = table.frame.set_index(grouping.column).groupby("variant", sort=False)["bleu"]
    figure = lines_figure(variants, grouping.heading, "BLEU, 1 reference")
    figure.axes[0].set_ylim(bottom=0)
    return figure
