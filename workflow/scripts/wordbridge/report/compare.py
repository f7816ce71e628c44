"""Comparison of two runs: settings and code that differ, and scores that differ beyond chance."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate

from wordbridge.errors import InputError
from wordbridge.files import read_records
from wordbridge.manifest import Difference, Manifest, differences, job_name, read_manifest
from wordbridge.report.images import noun_scores, resampled_nouns
from wordbridge.significance import LEVEL, compare, holm
from wordbridge.translation.bootstrap import Resampler, Run
from wordbridge.translation.sentence_scores import read_sentence_scores

# The files of scores of each table.
SCORES = {"tables/scores.tsv": "scores/*/*.tsv", "tables/devise.tsv": "devise_scores/*/*.json"}

# What was scored, and its score as a whole and in each resample.
Scored = tuple[list[Any], NDArray[np.float64]]


class SettingDifference(NamedTuple):
    """A setting of a rule with its two values, and the jobs that it concerns."""

    rule: str
    difference: Difference
    jobs: list[str]


class ScoreDifference(NamedTuple):
    """A score of a variant or method in both runs, means over the seeds, and their difference.

    ``p_value`` is corrected for the number of comparisons of this score; the interval is that of
    95 %. All three are None where the runs scored different sentences or nouns.
    """

    name: str
    score: str
    first: float
    second: float
    low: float | None
    high: float | None
    p_value: float | None

    @property
    def verdict(self) -> str:
        """Return whether the difference is more than chance."""
        if self.p_value is None:
            return "other test data"
        return "differs" if self.p_value <= LEVEL else "not significant"


class RunComparison(NamedTuple):
    """What differs between two runs; ``code`` are the modules of jobs that both have."""

    settings: list[SettingDifference]
    code: list[str]
    scores: list[ScoreDifference]

    def record(self) -> dict[str, Any]:
        """Return the comparison for JSON."""
        settings = [
            {"rule": each.rule, **each.difference._asdict(), "jobs": each.jobs}
            for each in self.settings
        ]
        scores = [{**each._asdict(), "verdict": each.verdict} for each in self.scores]
        return {"settings": settings, "code": self.code, "scores": scores}

    def text(self, first: Path, second: Path) -> str:
        """Return the comparison as lines of text."""
        lines = [f"Settings that differ ({first} -> {second}):"]
        lines += [f"  {each.rule}  {each.difference}  {_jobs(each)}" for each in self.settings]
        lines += [] if self.settings else ["  none"]
        lines += ["Code that differs:", *(f"  {name}" for name in self.code or ["none"])]
        rows = [
            (
                each.name,
                each.score,
                f"{each.first:.1f}",
                f"{each.second:.1f}",
                ""
                if each.low is None
                else f"{each.second - each.first:+.1f} [{each.low:.1f}, {each.high:.1f}]",
                "" if each.p_value is None else f"{each.p_value:.3f}",
                each.verdict,
            )
            for each in self.scores
        ]
        headings = ["", "score", "first", "second", "difference", "p", ""]
        table = tabulate(rows, headings, disable_numparse=True, tablefmt="simple")
        return "\n".join([*lines, "Scores:", table if rows else "  none"])


def compare_runs(first: Path, second: Path) -> RunComparison:
    """Return what differs between the results in two folders.

    Raises InputError when one has no records of jobs.
    """
    runs = [(folder, read_manifest(folder)) for folder in (first, second)]
    records = [
        {job_name(record): record for record in manifest.makers.values()} for _, manifest in runs
    ]
    common = [name for name in records[0] if name in records[1]]
    changes: dict[tuple[str, str], SettingDifference] = {}
    code: set[str] = set()
    for name in common:
        old, new = records[0][name], records[1][name]
        for each in differences(old["params"], new["params"]):
            key = (old["rule"], json.dumps(each, sort_keys=True, default=str))
            changes.setdefault(key, SettingDifference(old["rule"], each, [])).jobs.append(name)
        code.update(each.key for each in differences(old["code"], new["code"]))
    bleu, hits = ([_scores(*run, table) for run in runs] for table in SCORES)
    scores = [*_bleu(*bleu), *_hits(*hits)]
    if not common:
        raise InputError(
            f"{first} and {second}: expected runs with a job in common, got none; name two results "
            "of this project"
        )
    return RunComparison(list(changes.values()), sorted(code), scores)


def _jobs(each: SettingDifference) -> str:
    names = [name.removeprefix(each.rule).strip() for name in each.jobs]
    shown = ", ".join(name for name in names[:4] if name)
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return f"({shown}{more})" if shown else ""


def _scores(folder: Path, manifest: Manifest, table: str) -> list[Path]:
    """Return the files of scores in ``folder`` that its ``table`` has, all of them without it.

    Others are those of an earlier configuration, whose variants, seeds or sentences may differ.
    """
    maker = manifest.makers.get(f"{manifest.prefix}/{table}")
    return [
        path
        for path in sorted(folder.glob(SCORES[table]))
        if not maker or f"{manifest.prefix / path.relative_to(folder)}" in maker["inputs"]
    ]


def _bleu(first: Sequence[Path], second: Sequence[Path]) -> Iterator[ScoreDifference]:
    """Yield BLEU with one reference of each variant that both runs have."""
    results = []
    for paths in (first, second):
        scores: dict[str, list[Run]] = {}
        for path in paths:
            scores.setdefault(path.parent.name, []).append(read_sentence_scores(path))
        results.append(
            {
                name: (
                    # With the length of the reference, which may be that of another text.
                    [(row.source, row.group, row.statistics["bleu"][1]) for row in runs[0]],
                    # With one seed the same resamples of the same groups.
                    Resampler(runs[0]).mean_scores(runs, "bleu"),
                )
                for name, runs in scores.items()
            }
        )
    yield from _differences("BLEU", *results)


def _hits(first: Sequence[Path], second: Sequence[Path]) -> Iterator[ScoreDifference]:
    """Yield hit@5 (percent) of each image method among seen and unseen nouns."""
    frames = [noun_scores(read_records(paths)) for paths in (first, second)]
    for candidates in ("seen", "unseen"):
        results = []
        for frame in frames:
            rows = frame[frame.index.get_level_values("candidates") == candidates]
            results.append(
                {
                    str(method): (
                        list(nouns["images"].droplevel(["method", "candidates"]).items()),
                        100 * resampled_nouns(nouns, "hit@5"),
                    )
                    for method, nouns in rows.groupby(level="method")
                }
            )
        yield from _differences(f"hit@5 {candidates}, %", *results)


def _differences(
    score: str, first: Mapping[str, Scored], second: Mapping[str, Scored]
) -> Iterator[ScoreDifference]:
    """Yield the difference of what both runs have, p-values corrected for their number."""
    compared = {}
    for name in [name for name in first if name in second]:
        (old_items, old), (new_items, new) = first[name], second[name]
        result = compare(old, new) if old_items == new_items else None
        compared[name] = (float(old[0]), float(new[0]), result)
    p_values = iter(holm([result.p_value for *_, result in compared.values() if result]))
    for name, (before, after, result) in compared.items():
        if result is None:
            yield ScoreDifference(name, score, before, after, None, None, None)
        else:
            interval = result.low, result.high
            yield ScoreDifference(name, score, before, after, *interval, next(p_values))
