"""Rows of both tables of staleness, compared with Snakemake's reasons in a finished tree.

In the normal suite seven rows share one ``snakemake -n``: no stale rule of one is a rule of another
or comes after one, since of jobs after a stale one Snakemake does not report whether they are stale
by themselves. Two rows that make nothing stale are added. In long mode each row is looked at
alone, by way of Snakemake's own records: the modules here, the keys in test_staleness_keys.py.
"""

import csv
import random
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
import yaml

from tests.mini_tree import copy_of_checkout
from tests.planned import Plan, Stale, unchanging_code
from tests.staleness import assignments, base, changed, prepared, read_table
from workflow import provenance

TABLE = Path(__file__).with_name("staleness.tsv")
PACKAGE = "workflow/scripts/wordbridge"
KEY, MODULE = "key", "module"
CHANGES, ADDS, NONE = "changes jobs", "changes and adds jobs", "none"
# How many rows of each table and form share the dry run.
SAMPLE = {
    (KEY, CHANGES): 3,
    (KEY, ADDS): 1,
    (KEY, NONE): 1,
    (MODULE, CHANGES): 3,
    (MODULE, NONE): 1,
}
SHUFFLES = 1000
JOB = re.compile(r"^(?:local)?rule (\w+):\n((?:    .*\n)+)", flags=re.MULTILINE)
TOTAL = re.compile(r"^total +(\d+)$", flags=re.MULTILINE)
REASON = re.compile(r"^    reason: (.*)$", flags=re.MULTILINE)
# Why a job may run here: by itself, because it is new, or because one before it runs.
OWN = ("Params have changed since", "Set of input files has changed since")
NEW = "Missing output files: "
FOLLOWS = "Input files updated by another job: "


class Row(NamedTuple):
    """A key with its value, or a module, and what its change makes stale by itself."""

    kind: str
    change: str
    stale: str
    keys: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """Return the rules, with the number of jobs where it is not all of them."""
        return [] if self.stale == NONE else self.stale.split()

    @property
    def rules(self) -> set[str]:
        """Return the rules with jobs that are not new."""
        return {word.partition(":")[0] for word in self.words if not word.startswith("+")}

    @property
    def form(self) -> str:
        return NONE if not self.words else ADDS if "+" in self.stale else CHANGES


def key_rows() -> list[Row]:
    """Return those rows of the keys that change the base."""
    rows = [row for row in read_table() if not row.given]
    return [Row(KEY, row.change, row.stale, tuple(assignments(row.change))) for row in rows]


def module_rows() -> list[Row]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return [Row(MODULE, row["module"], row["rules"]) for row in rows]


def every_rule() -> dict[str, Any]:
    """Return a configuration in which every rule has jobs."""
    (factorial,) = (row for row in read_table() if row.change.startswith("scores.factorial="))
    more = (
        "tokens.tokenizer=sentencepiece; auxiliary.use=true; scores.experiments.other=results/mine"
    )
    return changed(base(), "; ".join([more, factorial.given, factorial.change]))


def rules_after(plan: Plan) -> dict[str, set[str]]:
    """Return the rules with jobs that come after some job of each rule, however far."""
    maker = {path: job.rule for outputs, job in plan.jobs.items() for path in outputs}
    after: dict[str, set[str]] = {job.rule: set() for job in plan.jobs.values()}
    for job in plan.jobs.values():
        for path in job.inputs & maker.keys():
            after[maker[path]].add(job.rule)
    for _ in after:  # there is no longer way
        after = {rule: next_.union(*(after[r] for r in next_)) for rule, next_ in after.items()}
    return after


def is_apart(row: Row, others: Collection[Row], after: Mapping[str, set[str]]) -> bool:
    """Return whether a dry run shows the effect of ``row`` apart from those of ``others``."""
    theirs = set[str]().union(*(other.rules for other in others))
    both = row.rules | theirs
    if not row.rules <= after.keys() or row.rules & theirs or (row.words and not row.rules):
        return False
    same = (
        f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")
        for one in row.keys
        for chosen in others
        for other in chosen.keys
    )
    return not any(same) and not any(both & after[rule] for rule in both)


def sampled(rows: Sequence[Row], after: Mapping[str, set[str]]) -> list[Row]:
    """Return rows, SAMPLE of each form, that one dry run shows."""
    for seed in range(SHUFFLES):
        chosen, missing = list[Row](), Counter(SAMPLE)
        for row in random.Random(seed).sample(rows, len(rows)):
            if missing[row.kind, row.form] and is_apart(row, chosen, after):
                chosen.append(row)
                missing[row.kind, row.form] -= 1
        if not missing.total():
            return chosen
    raise AssertionError("no such rows; let fewer share the dry run")


def reasons(shown: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the rule of each job in a dry run, and why it would run."""
    for rule, described in JOB.findall(shown):
        (reasons,) = REASON.findall(described)
        yield rule, reasons.split("; ")


def stale_by_themselves(jobs: Iterable[tuple[str, list[str]]]) -> Stale:
    """Return how many jobs of each rule run by themselves, and how many are new."""
    again, new = Counter[str](), Counter[str]()
    for rule, why in jobs:
        again[rule] += any(reason.startswith(OWN) for reason in why)
        new[rule] += any(reason.startswith(NEW) for reason in why)
    return Stale(+again, +new)


def test_rows_of_both_tables_agree_with_a_dry_run_of_snakemake(
    tmp_path: Path, workflow: Callable[..., CompletedProcess[str]]
):
    tree, config = copy_of_checkout(tmp_path / "tree"), base()
    with unchanging_code():
        planner = prepared(tree)
        plan = planner.plan(config)
        planner.pretend(config)
    rows = sampled([*key_rows(), *module_rows()], rules_after(plan))
    for row in rows:
        if row.kind == KEY:
            config = changed(config, row.change)
        else:
            with (tree / PACKAGE / row.change).open("a", encoding="utf-8") as module:
                module.write("\nEDITED = True\n")
    (tree / "changed.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    arguments = ["--dry-run", "--configfile", tree / "changed.yaml"]
    shown = workflow(tree, *arguments, snakefile=tree / "Snakefile").stdout
    jobs = list(reasons(shown))
    assert set(TOTAL.findall(shown)) == {str(len(jobs))}
    known = (*OWN, NEW, FOLLOWS)
    assert [job for job in jobs if not all(reason.startswith(known) for reason in job[1])] == []
    result = stale_by_themselves(jobs).words(plan).split()
    assert sorted(result) == sorted(word for row in rows for word in row.words), rows


@contextmanager
def edited(module: str) -> Iterator[None]:
    """Let a module have another hash than it has."""
    modules, name = provenance._modules, f"wordbridge/{module}"

    def seen(script: Path) -> tuple[dict[str, str], Any]:
        hashes, foreign = modules(script)
        return hashes | dict.fromkeys({name} & hashes.keys(), "edited"), foreign

    with patch.object(provenance, "_modules", seen):
        yield


@pytest.mark.long
def test_snakemake_gives_the_same_reasons_for_each_module(tmp_path: Path):
    wrong = []
    with unchanging_code():
        planner, config = prepared(tmp_path), every_rule()
        plan = planner.plan(config)
        planner.pretend(config)
        for row in module_rows():
            with edited(row.change):
                result = planner.reasons(config).words(plan)
            if result != row.stale:
                wrong.append(row._replace(stale=result))
    assert wrong == []
