"""The scorecard: each claim of the 2018 lesson, what this run measures, and the verdict.

A claim holds if the 95 % interval of what it asserts lies above zero, fails to hold if it is below
zero, and is undecided otherwise. Figures that the lesson published are judged on its own corpus
only: they hold if they are as near as the lesson's two published runs are to each other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wordbridge.report.images import noun_scores, resampled_nouns
from wordbridge.report.published import published_losses
from wordbridge.report.tables import Column, Table
from wordbridge.significance import RESAMPLES, SEED
from wordbridge.translation.bootstrap import Resampler, Run
from wordbridge.translation.effects import Levels, factorial_effects
from wordbridge.translation.sentence_scores import length_bins

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
LENGTHS = "Attention helps long sentences more than short ones (longest against shortest third)"
FACTORIAL = "Each idea helps, all else equal, and two together more than their sum"
LESSON_SPREAD = 0.14  # nats: the largest difference of its two published runs of one variant


@dataclass(frozen=True)
class Claim:
    """A claim of the lesson; ``interval`` is that of a quantity that is above 0 if it holds."""

    claim: str
    published: str
    measured: str
    interval: tuple[float, float]
    evidence: str
    table: str = "scores"  # its file in tables/

    @property
    def verdict(self) -> str:
        """Return "holds", "does not hold" or "undecided"."""
        low, high = self.interval
        return "holds" if low > 0 else "does not hold" if high < 0 else "undecided"


def scorecard_table(claims: Sequence[Claim], corpus: str, results: str) -> Table:
    """Return the table of ``claims``, judged on ``corpus``, of the run in ``results``."""
    rows = [
        {
            "claim": each.claim,
            "published": each.published,
            "measured": each.measured,
            "low": each.interval[0],
            "high": each.interval[1],
            "verdict": each.verdict,
            "evidence": each.evidence,
            "command": f"{COMMAND} {results}/tables/{each.table}.html",
        }
        for each in claims
    ]
    columns = {
        "claim": Column("Claim of the lesson"),
        "published": Column("Published", note="validation loss of the notes, of the notebook"),
        "measured": Column("Measured", note="in brackets the 95 % interval of the difference"),
        "verdict": Column("Verdict"),
        "evidence": Column("From"),
        "command": Column(
            "Command", note="computes the scores; with the --configfile of this run, if it has one"
        ),
    }
    counts = pd.Series([each.verdict for each in claims], dtype=str).value_counts().to_dict()
    verdicts = ", ".join(f"{verdict}: {count}" for verdict, count in counts.items())
    verdicts = verdicts or "none concerns the variants and methods of this run"
    caption = (
        f"Claims of the 2018 lesson, judged on the corpus {corpus} and the image sets of this run: "
        f"{verdicts}. The bootstrap resamples groups of sentences, crossed with seeds, or nouns. "
        "Differences between trainings are in an interval only if there are several seeds. "
        "Variants may differ in further settings, such as the learning rate."
    )
    if missing := _missing(claims):
        caption += f" Not judged in this run, and what each needs: {'; '.join(missing)}."
    names = ["claim", "published", "measured", "low", "high", "verdict", "evidence", "command"]
    return Table(pd.DataFrame(rows, columns=names), caption, columns)


def _missing(claims: Sequence[Claim]) -> list[str]:
    """Return the claims that could not be judged, each with what that needs."""
    judged = {each.claim for each in claims}
    needs = {claim: f"{better} and {worse}" for claim, better, worse in ORDER}
    needs[LENGTHS] = "attention and forcing, and sources of several lengths"
    for claim, other, candidates, _ in IMAGES:
        methods = "lesson_head" if other == CHANCE else f"lesson_head and {other}"
        needs[claim] = f"{methods} on {candidates} nouns"
    if any(each.table == "factorial" for each in claims):
        judged.add(FACTORIAL)
    needs[FACTORIAL] = "make factorial"
    return [f"{claim}: {need}" for claim, need in needs.items() if claim not in judged]


# ---- Translation ---------------------------------------------------------------------------------


def translation_claims(
    levels: Levels,
    runs: Mapping[str, Sequence[Run]],
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Iterator[Claim]:
    """Yield the claims about variants that this run has, known by their ``levels``."""
    named = {
        name: next((v for v, factors in levels.items() if tuple(factors.values()) == cell), None)
        for name, cell in CELLS.items()
    }
    resampler = Resampler(next(iter(runs.values()))[0], resamples, seed)
    for claim, better, worse in ORDER:
        pair = named[better], named[worse]
        if pair[0] and pair[1]:
            scores = [resampler.crossed_scores(runs[name], "bleu") for name in pair if name]
            losses = f"{_losses(worse)} to {_losses(better)}"
            evidence = f"scores of {pair[0]} and {pair[1]}"
            yield _bleu_claim(claim, losses, scores[0] - scores[1], evidence)
    if (first := named["attention"]) and (second := named["forcing"]):
        masks = list(length_bins(runs[first][0], 3).values())
        if len(masks) > 1:
            gains = [
                resampler.crossed_scores(runs[first], "bleu", mask)
                - resampler.crossed_scores(runs[second], "bleu", mask)
                for mask in (masks[0], masks[-1])
            ]
            # A resample may have no sentence of a third.
            counts = resampler.totals(np.stack([masks[0], masks[-1]], axis=1).astype(float))
            evidence = f"scores of {first} and {second}, by length"
            differences = (gains[1] - gains[0])[counts.all(axis=1)]
            yield _bleu_claim(LENGTHS, "", differences, evidence)


def factorial_claims(levels: Levels, runs: Mapping[str, Sequence[Run]]) -> Iterator[Claim]:
    """Yield the claims that each idea helps, all else equal, and that the ideas add up."""
    for effect in factorial_effects(levels, runs, ["bleu"]) if levels else ():
        if len(effect.factors) < 3:
            each = effect.comparison
            ideas = " and ".join(IDEAS[factor] for factor in effect.factors)
            claim = f"{ideas} helps, all else equal"
            if len(effect.factors) == 2:
                claim = f"{ideas} together gain more than the sum of both"
            claim = claim[0].upper() + claim[1:]
            measured = f"BLEU {each.difference:+.1f} [{each.low:.1f}, {each.high:.1f}]"
            evidence = f"effects of {len(levels)} variants"
            yield Claim(claim, "", measured, (each.low, each.high), evidence, "factorial")


def figure_claims(records: Sequence[Mapping[str, Any]]) -> Iterator[Claim]:
    """Yield a claim for the published validation loss of each variant, of the lesson's corpus."""
    frame = pd.DataFrame(records, columns=["variant", "validation_loss"])
    for variant, losses in frame.groupby("variant", sort=False)["validation_loss"]:
        figures = _published(str(variant))
        if figures:
            distance = min(abs(losses.mean() - figure) for figure in figures)
            margin = LESSON_SPREAD - distance
            yield Claim(
                f"{variant}: validation loss",
                _losses(str(variant)),
                f"{losses.mean():.3f}, the nearest is {distance:.3f} away",
                (margin, margin),
                f"scores of {variant}",
            )


def _bleu_claim(
    claim: str, published: str, differences: NDArray[np.float64], evidence: str
) -> Claim:
    low, high = np.percentile(differences[1:], [2.5, 97.5]).tolist()
    measured = f"BLEU {differences[0]:+.1f} [{low:.1f}, {high:.1f}]"
    return Claim(claim, published, measured, (low, high), evidence)


def _published(variant: str) -> list[float]:
    """Return the last validation losses of the notes and the notebook, as far as published."""
    rows = published_losses()
    last = rows[rows["variant"] == variant].groupby("run")["free_running_loss"].last()
    return [float(last[run]) for run in ("notes", "notebook") if run in last]


def _losses(variant: str) -> str:
    return ", ".join(f"{loss:.2f}" for loss in _published(variant))


# ---- Images --------------------------------------------------------------------------------------


def image_claims(
    records: Sequence[Mapping[str, Any]], resamples: int = RESAMPLES, seed: int = SEED
) -> Iterator[Claim]:
    """Yield the claims about the lesson's head, as far as the methods that it needs ran.

    ``records`` are those of score_devise. Nouns are resampled.
    """
    nouns = noun_scores(records)
    methods = {*nouns.index.get_level_values("method")}
    if "lesson_head" not in methods:
        return
    for claim, other, candidates, score in IMAGES:
        if candidates in nouns.index.get_level_values("candidates") and other in {CHANCE, *methods}:
            rows = nouns.xs(candidates, level="candidates")
            ours = resampled_nouns(rows.xs("lesson_head", level="method"), score, resamples, seed)
            if other == CHANCE:
                theirs = np.full_like(ours, 5 / rows.index.get_level_values("synset").nunique())
            else:
                theirs = resampled_nouns(rows.xs(other, level="method"), score, resamples, seed)
            steps = score == "wrong_steps"
            differences = theirs - ours if steps else 100 * (ours - theirs)
            low, high = np.percentile(differences[1:], [2.5, 97.5]).tolist()
            values = [f"{v[0]:.1f}" if steps else f"{100 * v[0]:.1f} %" for v in (ours, theirs)]
            heading = "steps in WordNet" if steps else "hit@5"
            measured = f"{heading} {values[0]}, {other} {values[1]} [{low:.1f}, {high:.1f}]"
            evidence = f"lesson_head on {candidates} nouns"
            yield Claim(claim, "", measured, (low, high), evidence, "devise")
