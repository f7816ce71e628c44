"""Figures of several runs of a variant as one row: mean and standard deviation over the seeds."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from wordbridge.errors import InputError
from wordbridge.translation.spread import mean_and_deviation


def over_seeds(
    records: Iterable[Mapping[str, Any]], averaged: Sequence[str], constant: Sequence[str] = ()
) -> pd.DataFrame:
    """Return one row per variant, in the order of first appearance in ``records``.

    Columns: variant, seeds (how many), those of ``constant`` (the first run's), and for each of
    ``averaged`` its mean and, under the name with ``_std``, its sample standard deviation (missing
    for one run). Raises InputError when a record lacks a figure or a run comes twice.
    """
    runs: dict[str, dict[Any, Mapping[str, Any]]] = {}
    for record in records:
        _check(record, ("variant", "seed", *averaged, *constant))
        seeds = runs.setdefault(str(record["variant"]), {})
        if record["seed"] in seeds:
            raise InputError(
                f"run {record['variant']}/{record['seed']} comes twice: expected one record per "
                "variant and seed; name each seed once in the configuration"
            )
        seeds[record["seed"]] = record
    rows = [
        _row(variant, list(seeds.values()), averaged, constant) for variant, seeds in runs.items()
    ]
    spread = [name + ending for name in averaged for ending in ("", "_std")]
    return pd.DataFrame(rows, columns=["variant", "seeds", *constant, *spread])


def _row(
    variant: str,
    runs: Sequence[Mapping[str, Any]],
    averaged: Sequence[str],
    constant: Sequence[str],
) -> dict[str, Any]:
    row: dict[str, Any] = {"variant": variant, "seeds": len(runs)}
    row |= {name: runs[0][name] for name in constant}
    for name in averaged:
        row[name], row[f"{name}_std"] = mean_and_deviation([float(run[name]) for run in runs])
    return row


def _check(record: Mapping[str, Any], names: Iterable[str]) -> None:
    missing = [name for name in names if name not in record]
    if missing:
        run = f"{record.get('variant', '?')}/{record.get('seed', '?')}"
        raise InputError(
            f"record of {run} lacks {', '.join(missing)}: expected a figure for each; "
            "score the run again"
        )
