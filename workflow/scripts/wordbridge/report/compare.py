"""Comparison of two runs: settings and code that differ, and scores that differ beyond chance."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate

from wordbridge.devise.bootstrap import resampled_means, scores_by_noun
from wordbridge.errors import InputError
from wordbridge.files import read_records
from wordbridge.manifest import Difference, Manifest, differences, job_name, read_manifest
from wordbridge.significance import LEVEL, comparison, correct_p_values
from wordbridge.translation.bootstrap import Resampler, read_runs

# The files of scores of each table.
SCORES = {"tables/scores.tsv": "scores/*/*.tsv", "tables/devise.tsv": "devise_scores/*/*.json"}

# What was scored, whether without case, and its score as a whole and in each resample.
Scored = tuple[list[Any], bool, NDArray[np.float64]]


def compare_runs(first: Path, second: Path) -> dict[str, list[Any]]:
    """Return what differs between the results in two folders.

    ``settings`` have a rule, a key with its ``old`` and ``new`` value, and the jobs that it
    concerns. ``code`` are the modules that differ, of the jobs that both runs have. ``scores`` have
    name (of a variant or method), score, and its ``first`` and ``second`` value (means over the
    seeds), the 95 % interval of their difference from ``low`` to ``high``, p_value (corrected for
    the number of comparisons of this score) and verdict. Interval and p-value are None where the
    runs scored different sentences or nouns, or one of them without case. Raises InputError when
    one has no records of jobs.
    """
    manifests = read_manifest(first), read_manifest(second)
    old, new = (
        {job_name(record): record for record in manifest.makers.values()} for manifest in manifests
    )
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
    one, other = _scored(first, manifests[0]), _scored(second, manifests[1])
    scores = [row for score in one for row in _differences(score, one[score], other[score])]
    return {"settings": list(settings.values()), "code": sorted(code), "scores": scores}


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
            interval = f"[{item['low']:z.1f}, {item['high']:z.1f}]"
            significance = [f"{other - one:+z.1f} {interval}", f"{p_value:.3f}"]
        values = f"{one:.1f}", f"{other:.1f}", *significance
        rows.append((item["name"], item["score"], *values, item["verdict"]))
    headings = ["", "score", "first", "second", "difference", "p", ""]
    table = tabulate(rows, headings, disable_numparse=True, tablefmt="simple")
    return "\n".join([*lines, "Scores:", table if rows else "  none"])


def _jobs(rule: str, jobs: list[str]) -> str:
    names = [name.removeprefix(rule).strip() for name in jobs]
    shown = ", ".join(name for name in names[:4] if name)
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return f"({shown}{more})" if shown else ""


def _scored(folder: Path, manifest: Manifest) -> dict[str, dict[str, Scored]]:
    """Return BLEU with one reference of each variant, and hit@5 (percent) of each image method."""
    files = _files(folder, manifest, "tables/scores.tsv")
    uncased = {path.parent.name for path in files if _ignores_case(path, folder, manifest)}
    bleu = {
        name: (
            # With the length of the reference, which may be that of another text.
            [(row.source, row.group, row.statistics["bleu"][1]) for row in runs[0]],
            name in uncased,
            # With one seed the same resamples of the same groups.
            Resampler(runs[0]).mean_scores(runs, "bleu"),
        )
        for name, runs in read_runs(files).items()
    }
    scored: dict[str, dict[str, Scored]] = {
        "BLEU": bleu,
        "hit@5 seen, %": {},
        "hit@5 unseen, %": {},
    }
    nouns = scores_by_noun(read_records(_files(folder, manifest, "tables/devise.tsv")))
    for (method, candidates), rows in nouns.groupby(level=["method", "candidates"]):
        if (score := f"hit@5 {candidates}, %") in scored:
            images = rows["images"].droplevel(["method", "candidates"])
            hits = 100 * resampled_means(rows, "hit@5")
            scored[score][method] = list(images.items()), False, hits
    return scored


def _files(folder: Path, manifest: Manifest, table: str) -> list[Path]:
    """Return the files of scores in ``folder`` that its ``table`` has, all of them without it.

    Others are those of an earlier configuration, whose variants, seeds or sentences may differ.
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
    """Yield the difference of what both runs have, p-values corrected for their number."""
    common = [name for name in first if name in second]
    paired = [name for name in common if first[name][:2] == second[name][:2]]
    compared = [comparison(second[name][2] - first[name][2]) for name in paired]
    corrected = dict(zip(paired, correct_p_values(compared), strict=True))
    for name in common:
        low = high = p_value = None
        verdict = "other test data" if first[name][0] != second[name][0] else "one without case"
        if name in corrected:
            _, low, high, p_value = corrected[name]
            verdict = "differs" if p_value <= LEVEL else "not significant"
        values = {"first": float(first[name][2][0]), "second": float(second[name][2][0])}
        interval = {"low": low, "high": high, "p_value": p_value}
        yield {"name": name, "score": score, **values, **interval, "verdict": verdict}
