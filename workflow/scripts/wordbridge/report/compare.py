"""Comparison of two runs: settings and code that differ, and scores that differ beyond chance."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate

from wordbridge.devise.bootstrap import resampled_means, scores_by_noun
from wordbridge.errors import InputError
from wordbridge.files import read_records
from wordbridge.manifest import Difference, Manifest, differences, job_name, read_manifest
from wordbridge.report.tables import interval_text
from wordbridge.significance import LEVEL, comparisons, few_groups_note
from wordbridge.translation.bootstrap import Resampler, read_runs

# The files of scores of each table.
SCORES = {"tables/scores.tsv": "scores/*/*.tsv", "tables/devise.tsv": "devise_scores/*/*.json"}


class Scored(NamedTuple):
    """The test data of a score, and the score (1 + resamples,) on all data and in each resample.

    Items of ``data`` start with what is resampled: their group of sentences, or their noun.
    ``ignores_case`` is true of BLEU that compares lower-cased texts.
    """

    data: list[Any]
    ignores_case: bool
    scores: NDArray[np.float64]


def compare_runs(first: Path, second: Path) -> dict[str, list[Any]]:
    """Return what differs between the results in two folders.

    ``settings`` have a rule, a key with its ``old`` and ``new`` value, and the jobs with this
    difference. ``code`` are the modules that differ, of the jobs that both runs have. ``scores``
    have name (of a variant or method), score, and its ``first`` and ``second`` value (means over
    the seeds), the 95 % interval of their difference from ``low`` to ``high``, p_value (corrected
    for the number of comparisons of this score) and verdict. Interval and p-value are None where
    the runs scored different sentences or nouns, or one of them ignored case. ``notes`` are
    sentences about intervals from few groups. Raises InputError when a run has no records of jobs.
    """
    first_manifest, second_manifest = read_manifest(first), read_manifest(second)
    old = {job_name(record): record for record in first_manifest.makers.values()}
    new = {job_name(record): record for record in second_manifest.makers.values()}
    common = [name for name in old if name in new]
    if not common:
        raise InputError(
            f"{first} and {second}: expected runs with a job in common, got none; name two results "
            "of this project"
        )
    settings: dict[str, dict[str, Any]] = {}
    code: set[str] = set()
    for name in common:
        rule = old[name]["rule"]
        for item in differences(old[name]["params"], new[name]["params"]):
            key = json.dumps([rule, item], sort_keys=True, default=str)
            record = {"rule": rule, **item._asdict(), "jobs": []}
            settings.setdefault(key, record)["jobs"].append(name)
        code.update(item.key for item in differences(old[name]["code"], new[name]["code"]))
    one, other = _scored(first, first_manifest), _scored(second, second_manifest)
    scores = [row for score in one for row in _differences(score, one[score], other[score])]
    counts: dict[str, list[int]] = {"groups of sentences": [], "nouns": []}
    for row in scores:
        if row["p_value"] is not None:
            data = one[row["score"]][row["name"]].data
            groups = "groups of sentences" if row["score"] == "BLEU" else "nouns"
            counts[groups].append(len({item[0] for item in data}))
    notes = [few_groups_note(numbers, groups).strip() for groups, numbers in counts.items()]
    return {
        "settings": list(settings.values()),
        "code": sorted(code),
        "scores": scores,
        "notes": list(filter(None, notes)),
    }


def comparison_text(result: Mapping[str, list[Any]], first: Path, second: Path) -> str:
    """Return the result of ``compare_runs`` as lines of text."""
    lines = [f"Settings that differ ({first} -> {second}):"]
    for item in result["settings"]:
        difference = Difference(item["key"], item["old"], item["new"])
        lines.append(f"  {item['rule']}  {difference}  {_jobs(item['rule'], item['jobs'])}")
    lines += [] if result["settings"] else ["  none"]
    lines += ["Code that differs:", *(f"  {name}" for name in result["code"] or ["none"])]
    rows = []
    for item in result["scores"]:
        one, other, p_value = item["first"], item["second"], item["p_value"]
        significance = ["", ""]
        if p_value is not None:
            change = interval_text(other - one, item["low"], item["high"], 1, "+")
            significance = [change, f"{p_value:.3f}"]
        values = f"{one:.1f}", f"{other:.1f}", *significance
        rows.append((item["name"], item["score"], *values, item["verdict"]))
    headings = ["", "score", "first", "second", "difference", "p", ""]
    table = tabulate(rows, headings, disable_numparse=True, tablefmt="simple")
    return "\n".join([*lines, "Scores:", table if rows else "  none", *result["notes"]])


def _jobs(rule: str, jobs: list[str]) -> str:
    names = [name.removeprefix(rule).strip() for name in jobs]
    shown = ", ".join(name for name in names[:4] if name)
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return f"({shown}{more})" if shown else ""


def _scored(folder: Path, manifest: Manifest) -> dict[str, dict[str, Scored]]:
    """Return BLEU with one reference of each variant, and hit@5 (percent) of each image method."""
    scored: dict[str, dict[str, Scored]] = {
        "BLEU": {},
        "hit@5 seen, %": {},
        "hit@5 unseen, %": {},
    }
    files = _files(folder, manifest, "tables/scores.tsv")
    uncased = {path.parent.name for path in files if _ignores_case(path, folder, manifest)}
    for name, runs in read_runs(files).items():
        # With the length of the reference, since equal sources may have different references.
        data = [(row.group, row.source, row.statistics["bleu"][1]) for row in runs[0]]
        # The resampler has a fixed seed: the same groups have the same resamples.
        bleu = Resampler(runs[0]).mean_scores(runs, "bleu")
        scored["BLEU"][name] = Scored(data, name in uncased, bleu)
    nouns = scores_by_noun(read_records(_files(folder, manifest, "tables/devise.tsv")))
    for (method, candidates), rows in nouns.groupby(level=["method", "candidates"]):
        score = f"hit@5 {candidates}, %"
        if score in scored:
            images = rows["images"].droplevel(["method", "candidates"])
            resampled = 100 * resampled_means(rows, "hit@5")
            scored[score][method] = Scored(list(images.items()), False, resampled)
    return scored


def _files(folder: Path, manifest: Manifest, table: str) -> list[Path]:
    """Return the files of scores in ``folder`` that ``table`` was made of, all without a table.

    Other files are from an earlier configuration, with other variants, seeds or sentences.
    """
    maker = manifest.makers.get(f"{manifest.prefix}/{table}")
    return [
        path
        for path in sorted(folder.glob(SCORES[table]))
        if not maker or f"{manifest.prefix / path.relative_to(folder)}" in maker["inputs"]
    ]


def _ignores_case(path: Path, folder: Path, manifest: Manifest) -> bool:
    """Return whether the job that wrote the scores at ``path`` ignored case."""
    maker = manifest.makers.get(f"{manifest.prefix / path.relative_to(folder)}", {})
    return bool(maker.get("params", {}).get("settings", {}).get("lowercase"))


def _differences(
    score: str, first: Mapping[str, Scored], second: Mapping[str, Scored]
) -> Iterator[dict[str, Any]]:
    """Yield the difference of each variant or method in both runs, with corrected p-values."""
    common = {name: (first[name], second[name]) for name in first if name in second}
    compared = comparisons(
        {
            name: other.scores - one.scores
            for name, (one, other) in common.items()
            if (one.data, one.ignores_case) == (other.data, other.ignores_case)
        }
    )
    for name, (one, other) in common.items():
        low = high = p_value = None
        verdict = "one ignores case" if one.data == other.data else "other test data"
        if name in compared:
            _, low, high, p_value = compared[name]
            verdict = "differs" if p_value <= LEVEL else "not significant"
        yield {
            "name": name,
            "score": score,
            "first": float(one.scores[0]),
            "second": float(other.scores[0]),
            "low": low,
            "high": high,
            "p_value": p_value,
            "verdict": verdict,
        }
