"""The scorecard: each claim of the 2018 lesson, what this run measures, and the verdict.

A claim holds if the 95 % interval of what it asserts lies above zero, fails to hold if it is below
zero, and is undecided otherwise. Figures that the lesson published are judged on its own corpus
only: they hold if they are as near as the lesson's two published runs are to each other.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wordbridge.devise.bootstrap import resampled_means, scores_by_noun
from wordbridge.report.published import published_losses
from wordbridge.report.tables import Column, Table, interval_text
from wordbridge.significance import Comparison, comparison
from wordbridge.translation.bootstrap import Resampler, Run
from wordbridge.translation.effects import Levels, factorial_effects
from wordbridge.translation.sentence_scores import length_bins

Mask = NDArray[np.bool_]

# The lesson's variants: bidirectional, attention, forcing.
CELLS = {
    "baseline": (False, False, False),
    "bidirectional": (True, False, False),
    "forcing": (False, False, True),
    "attention": (False, True, True),
    "all": (True, True, True),
}
# Claim, the better and the worse variant.
ORDER = (
    ("A bidirectional encoder improves the baseline", "bidirectional", "baseline"),
    ("Teacher forcing improves the baseline", "forcing", "baseline"),
    ("A bidirectional encoder helps more than teacher forcing", "bidirectional", "forcing"),
    ("Attention improves teacher forcing", "attention", "forcing"),
    ("All three together improve attention and forcing", "all", "attention"),
)
COMMAND = ".venv/bin/snakemake --cores all"
CHANCE = "chance"
# Claim, what the lesson's head is compared with, candidates and score.
IMAGES = (
    ("Images of nouns without training images are found, such as boats", CHANCE, "unseen", "hit@5"),
    ("Wrong nouns are near the right one", "random", "seen", "wrong_steps"),
    ("The cosine loss is better than L1", "lesson_l1", "seen", "hit@5"),
    ("Dropout helps", "lesson_no_dropout", "seen", "hit@5"),
)
IDEAS = {
    "bidirectional": "a bidirectional encoder",
    "attention": "attention",
    "forcing": "teacher forcing",
}
LENGTHS = (
    "Attention helps long sentences more than short ones (gain on the longest third minus that on "
    "the shortest)"
)
FACTORIAL = "Each idea helps, all else equal, and two together more than their sum"
LESSON_SPREAD = 0.14  # nats: the largest difference of its two published runs of one variant


class Claim(NamedTuple):
    """A claim of the lesson, which holds if the interval from ``low`` to ``high`` is above 0."""

    claim: str
    published: str
    measured: str
    low: float
    high: float
    evidence: str
    table: str = "scores"  # its file in tables/


def scorecard_table(claims: Sequence[Claim], corpus: str, results: str, note: str = "") -> Table:
    """Return the table of ``claims``, judged on ``corpus``, of the run in ``results``.

    ``note`` ends the caption's part about intervals.
    """
    frame = pd.DataFrame(claims, columns=Claim._fields)
    conditions = [frame["low"] > 0, frame["high"] < 0]
    frame["verdict"] = np.select(conditions, ["holds", "does not hold"], "undecided")
    frame["command"] = [f"{COMMAND} {results}/tables/{name}.html" for name in frame["table"]]
    columns = {
        "claim": Column("Claim of the lesson"),
        "published": Column(
            "Published",
            note="final validation losses (notes, notebook): those of the variant that the claim "
            "calls worse, to those of the better one",
        ),
        "measured": Column("Measured", note="in brackets the 95 % interval of the difference"),
        "verdict": Column("Verdict"),
        "evidence": Column("From"),
        "command": Column(
            "Command", note="computes the scores; add the --configfile of this run, if it has one"
        ),
    }
    counts = frame["verdict"].value_counts().to_dict()
    verdicts = ", ".join(f"{verdict} ({count})" for verdict, count in counts.items())
    verdicts = verdicts or "none concerns the variants and methods of this run"
    caption = (
        f"Claims of the 2018 lesson, judged on the corpus {corpus} and the image sets of this run: "
        f"{verdicts}. The bootstrap resamples nouns, or groups of sentences crossed with seeds; "
        "few seeds make intervals too narrow, and with one seed they do not cover the differences "
        "between trainings. "
        f"Variants may also differ in other settings, such as the learning rate.{note}"
    )
    if missing := _missing(claims):
        caption += f" Not judged in this run, each with what it needs: {'; '.join(missing)}."
    names = ["claim", "published", "measured", "low", "high", "verdict", "evidence", "command"]
    return Table(frame[names], caption, columns)


def _missing(claims: Sequence[Claim]) -> list[str]:
    """Return the claims that could not be judged, each with what that needs."""
    judged = {FACTORIAL if claim.table == "factorial" else claim.claim for claim in claims}
    needs = {text: f"{better} and {worse}" for text, better, worse in ORDER}
    needs[LENGTHS] = "attention and forcing, and sources of several lengths"
    for text, other, candidates, _ in IMAGES:
        methods = "lesson_head" if other == CHANCE else f"lesson_head and {other}"
        needs[text] = f"{methods} on {candidates} nouns"
    needs[FACTORIAL] = "make factorial"
    return [f"{text} ({need})" for text, need in needs.items() if text not in judged]


# ---- Translation ---------------------------------------------------------------------------------


def translation_claims(levels: Levels, runs: Mapping[str, Sequence[Run]]) -> Iterator[Claim]:
    """Yield the claims about variants of this run, which are recognised by their ``levels``."""
    # Of several variants with the same levels the first.
    variants = {tuple(levels[name].values()): name for name in reversed(list(levels))}
    named = {name: variants[cell] for name, cell in CELLS.items() if cell in variants}
    resampler = Resampler(next(iter(runs.values()))[0])

    def gain(better: str, worse: str, mask: Mask | None = None) -> NDArray[np.float64]:
        scores = resampler.crossed_scores(runs[better], "bleu", mask)
        return scores - resampler.crossed_scores(runs[worse], "bleu", mask)

    for claim, better_cell, worse_cell in ORDER:
        if better_cell in named and worse_cell in named:
            better, worse = named[better_cell], named[worse_cell]
            losses = f"{_losses(worse_cell)} to {_losses(better_cell)}"
            difference = comparison(gain(better, worse))
            yield _bleu_claim(claim, difference, f"scores of {better} and {worse}", losses)
    if named.keys() >= {"attention", "forcing"}:
        better, worse = named["attention"], named["forcing"]
        masks = list(length_bins(runs[better][0], 3).values())
        if len(masks) > 1:
            # A resample may have no sentence of a third.
            thirds = np.stack([masks[0], masks[-1]], axis=1).astype(float)
            is_whole = resampler.totals(thirds).all(axis=1)
            gains = gain(better, worse, masks[-1]) - gain(better, worse, masks[0])
            evidence = f"scores of {better} and {worse}, by length"
            yield _bleu_claim(LENGTHS, comparison(gains[is_whole]), evidence)


def factorial_claims(levels: Levels, runs: Mapping[str, Sequence[Run]]) -> Iterator[Claim]:
    """Yield the claims that each idea helps, all else equal, and that the ideas add up."""
    effects = factorial_effects(levels, runs, "bleu") if levels else {}
    for factors, effect in effects.items():
        ideas = " and ".join(IDEAS[factor] for factor in factors)
        ideas = ideas[0].upper() + ideas[1:]
        claims = {
            1: f"{ideas} helps, all else equal",
            2: f"{ideas} together gain more than the sum of both",
        }
        if claim := claims.get(len(factors)):
            evidence = f"effects of {len(levels)} variants"
            yield _bleu_claim(claim, effect, evidence, table="factorial")


def figure_claims(records: Sequence[Mapping[str, Any]]) -> Iterator[Claim]:
    """Yield a claim for the published validation loss of each variant, of the lesson's corpus."""
    frame = pd.DataFrame(records, columns=["variant", "validation_loss"])
    for variant, losses in frame.groupby("variant", sort=False)["validation_loss"]:
        if published := _published(variant):
            loss = losses.mean()
            distance = min(abs(loss - figure) for figure in published)
            margin = LESSON_SPREAD - distance
            measured = f"{loss:.3f}, the nearest is {distance:.3f} away"
            claim, evidence = f"{variant}: validation loss", f"scores of {variant}"
            yield Claim(claim, _losses(variant), measured, margin, margin, evidence)


def _bleu_claim(
    claim: str, gain: Comparison, evidence: str, published: str = "", table: str = "scores"
) -> Claim:
    measured = f"BLEU {interval_text(gain.difference, gain.low, gain.high, 1, '+')}"
    return Claim(claim, published, measured, gain.low, gain.high, evidence, table)


def _published(variant: str) -> list[float]:
    """Return the last validation losses of the notes and the notebook, as far as published."""
    rows = published_losses()
    last = rows[rows["variant"] == variant].groupby("run")["free_running_loss"].last()
    losses: list[float] = last.reindex(["notes", "notebook"]).dropna().tolist()
    return losses


def _losses(variant: str) -> str:
    return ", ".join(f"{loss:.2f}" for loss in _published(variant))


# ---- Images --------------------------------------------------------------------------------------


def image_claims(records: Sequence[Mapping[str, Any]]) -> Iterator[Claim]:
    """Yield the claims about the lesson's head for which this run has both methods.

    ``records`` are the results of score_devise. Nouns are resampled.
    """
    nouns = scores_by_noun(records)
    groups = dict(iter(nouns.groupby(["method", "candidates"])))
    for claim, other, candidates, score in IMAGES:
        head, rows = groups.get(("lesson_head", candidates)), groups.get((other, candidates))
        if head is None or (rows is None and other != CHANCE):
            continue
        ours = resampled_means(head, score)
        if other == CHANCE:
            theirs = np.full_like(ours, min(1.0, 5 / len(head)))
        else:
            theirs = resampled_means(rows, score)
        if score == "wrong_steps":
            values = f"steps in WordNet {ours[0]:.1f}, {other} {theirs[0]:.1f}"
            gains = theirs - ours
        else:
            values = f"hit@5 {100 * ours[0]:.1f} %, {other} {100 * theirs[0]:.1f} %"
            gains = 100 * (ours - theirs)
        if np.isnan(gains[0]):
            continue  # one of the two methods has no wrong noun
        _, low, high, _ = comparison(gains[~np.isnan(gains)])
        measured = f"{values} [{low:z.1f}, {high:z.1f}]"
        yield Claim(claim, "", measured, low, high, f"lesson_head on {candidates} nouns", "devise")
