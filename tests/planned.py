"""Which jobs a change of the configuration makes stale: the real Snakefile, many times a second.

Snakemake itself, in this process, reads the Snakefile with each configuration. Where its rules
ask for other files than before, it plans all jobs anew, as ``snakemake -n`` does; where they ask
for the same, the jobs are the same, and only their params are computed again.
"""

import gc
import os
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import snakemake.api
import snakemake.workflow
from snakemake.io import get_flag_value, is_callable
from snakemake.settings.enums import Quietness, RerunTrigger
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    ExecutionSettings,
    OutputSettings,
    ResourceSettings,
)

import workflow.config
import workflow.provenance

ROOT = Path(__file__).resolve().parents[1]
Workflow = Any  # Snakemake has no types
# Those of the profiles, which the API does not read.
TRIGGERS = frozenset(RerunTrigger.all()) - {RerunTrigger.CODE}


class Job(NamedTuple):
    """A planned job; Snakemake runs it again when its params or inputs, as sets, are others."""

    rule: str
    wildcards: Mapping[str, str]
    params: frozenset[str]
    inputs: frozenset[str]


class Plan(NamedTuple):
    """All jobs by their outputs, what the rules ask for, and their params by rule and wildcards."""

    jobs: Mapping[tuple[str, ...], Job]
    files: object
    params: Mapping[tuple[str, ...], frozenset[str]]


class Stale(NamedTuple):
    """How many jobs of each rule a change makes stale by itself, and how many it adds."""

    again: Counter[str]
    new: Counter[str]

    def words(self, plan: Plan) -> str:
        """Return ``rule`` for all jobs of a rule, ``rule:1`` for one of several, ``+rule:1``."""
        of_rule = Counter(job.rule for job in plan.jobs.values())
        again = [f"{r}:{n}" if n < of_rule[r] else r for r, n in sorted(self.again.items())]
        if self.again == of_rule:
            again = ["every rule"]
        return " ".join([*again, *(f"+{r}:{n}" for r, n in sorted(self.new.items()))]) or "none"


class Planner:
    """Plans configurations in one folder, which has the user's files.

    ``targets`` are asked for, or what the workflow makes by default.
    """

    def __init__(self, folder: Path, targets: Iterable[str] = ()) -> None:
        self.folder, self.targets = folder, frozenset(targets)
        # A tree's default would be merged below every configuration.
        (folder / "config.yaml").write_text("{}")

    def scripted(self, config: Mapping[str, Any]) -> set[str]:
        """Return the rules that have a script."""
        with self._read(config) as read:
            return {rule.name for rule in read.rules if rule.script}

    def outputs(self, config: Mapping[str, Any]) -> set[str]:
        """Return the outputs of all rules, with their wildcards."""
        with self._read(config) as read:
            return {str(path) for rule in read.rules for path in rule.output}

    def report_flags(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the outputs of all rules, with their flags for ``snakemake --report`` or None."""
        with self._read(config) as read:
            outputs = [path for rule in read.rules for path in rule.output]
            return {str(path): get_flag_value(path, "report") for path in outputs}

    def plan(self, config: Mapping[str, Any]) -> Plan:
        """Return the plan of an empty tree with this configuration."""
        with self._read(config) as read:
            jobs = _jobs(read)
            return Plan(jobs, _files(read, jobs), _params(read, jobs))

    def stale(self, plan: Plan, config: Mapping[str, Any], *, anew: bool = False) -> Stale:
        """Return what this configuration makes stale in a tree where ``plan`` has been carried out.

        Only what it makes stale by itself, not what comes below that. With ``anew`` all jobs are
        planned anew in any case.
        """
        with self._read(config) as read:
            if not anew and _files(read, plan.jobs) == plan.files:
                params_now = _params(read, plan.jobs)
                changed = [key for key, params in params_now.items() if params != plan.params[key]]
                return Stale(Counter(plan.jobs[key].rule for key in changed), Counter())
            jobs = _jobs(read)
        both = jobs.keys() & plan.jobs.keys()
        again = Counter(jobs[key].rule for key in both if jobs[key] != plan.jobs[key])
        return Stale(again, Counter(jobs[key].rule for key in jobs.keys() - both))

    def pretend(self, config: Mapping[str, Any]) -> None:
        """Make the folder look as if Snakemake had run all jobs; the files are empty."""
        with self._read(config) as read:
            _jobs(read)
            read.execution_settings = ExecutionSettings()
            for path in {path for job in read.dag.jobs for path in [*job.input, *job.output]}:
                (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / path).touch()
                os.utime(self.folder / path, (0, 0))  # none is newer than another
            with warnings.catch_warnings():
                # Snakemake leaves it to Python to close the files of environments.
                warnings.simplefilter("ignore", ResourceWarning)
                for job in read.dag.jobs:
                    read.async_run(read.persistence.finished(job))

    def reasons(self, config: Mapping[str, Any]) -> Stale:
        """Return the same as ``stale`` for a finished tree, by Snakemake's own records of it.

        A job that would run for no reason known here counts among those to run again.
        """
        again, new = Counter[str](), Counter[str]()
        with self._read(config) as read:
            _jobs(read)
            record = read.persistence
            for job in read.dag.needrun_jobs():
                if not all((self.folder / path).exists() for path in job.output):
                    new[job.rule.name] += 1
                elif job.output and (
                    record.params_changed(job)
                    or any(record.input_changed(job))
                    or not read.dag.reason(job).updated_input_run
                ):
                    again[job.rule.name] += 1
        return Stale(again, new)

    @contextmanager
    def _read(self, config: Mapping[str, Any]) -> Iterator[Workflow]:
        """Yield the workflow as Snakemake has read it."""
        with (
            patch.dict(os.environ),  # the Snakefile sets variables for its jobs
            snakemake.api.SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api,
        ):
            opened = api.workflow(
                resource_settings=ResourceSettings(cores=1),
                config_settings=ConfigSettings(config=config),
                snakefile=ROOT / "Snakefile",
                workdir=self.folder,
            )
            opened.dag(DAGSettings(targets=self.targets, rerun_triggers=TRIGGERS))
            yield opened._workflow


@contextmanager
def unchanging_code() -> Iterator[None]:
    """Let rules and scripts be parsed once, for as long as nobody edits them."""
    known: dict[tuple[str, int], tuple[str, int]] = {}
    parse = snakemake.workflow.parse

    def parsed(file: Any, *others: Any, rulecount: int, **options: Any) -> tuple[str, int]:
        key = (file.get_path_or_uri(secret_free=True), rulecount)
        if key not in known:
            known[key] = parse(file, *others, rulecount=rulecount, **options)
        return known[key]

    with ExitStack() as stack:
        stack.enter_context(patch.object(snakemake.workflow, "parse", parsed))
        compiled = cache(compile)
        stack.enter_context(patch.object(snakemake.workflow, "compile", compiled, create=True))
        provenance, config = workflow.provenance, workflow.config
        stack.enter_context(patch.object(provenance, "CACHE", Path(os.devnull, "none")))
        cached = [(provenance, "_modules"), (config, "read_schema"), (config, "package_resources")]
        for module, name in cached:
            stack.enter_context(patch.object(module, name, cache(getattr(module, name))))
        # Each reading leaves much garbage in circles, of which a fifth of the time went into
        # looking for it over and over.
        stack.callback(gc.set_threshold, *gc.get_threshold())
        gc.set_threshold(100_000, 20, 5)
        yield


def _jobs(read: Workflow) -> dict[tuple[str, ...], Job]:
    """Return all jobs that Snakemake plans in an empty tree."""
    read._prepare_dag(forceall=False, ignore_incomplete=True, lock_warn_only=True)
    read._build_dag()
    record = read.persistence
    return {
        tuple(job.output): Job(
            job.rule.name,
            dict(job.wildcards_dict),
            frozenset(record._params(job)),
            frozenset(record._input(job)),
        )
        for job in read.dag.jobs
        if job.output
    }


def _files(read: Workflow, jobs: Mapping[tuple[str, ...], Job]) -> object:
    """Return which files the rules name, and which ones their functions name for ``jobs``."""
    named = {
        rule.name: [str(item) for item in [*rule.input, *rule.output] if not is_callable(item)]
        for rule in read.rules
    }
    input_files = {
        key: [_flat(_asked(rule, item, job)) for item in rule.input if is_callable(item)]
        for key, job in jobs.items()
        for rule in [read.get_rule(job.rule)]
    }
    return named, input_files


def _params(read: Workflow, jobs: Mapping[tuple[str, ...], Job]) -> dict[Any, frozenset[str]]:
    """Return the tracked params of ``jobs`` as Snakemake's rules give them."""

    def params(job: Job) -> Iterator[str]:
        rule = read.get_rule(job.rule)
        for item in rule.params:
            if not rule._is_deriving_function(item):
                yield repr(_asked(rule, item, job) if is_callable(item) else item)

    return {key: frozenset(params(job)) for key, job in jobs.items()}


def _asked(rule: Any, function: Any, job: Job) -> Any:
    """Return what an input or params function of a rule gives for a job."""
    return rule.apply_input_function(function, job.wildcards)[0]


def _flat(value: Any) -> list[str]:
    """Return the paths in what an input function gives."""
    if isinstance(value, Mapping):
        return [path for item in value.values() for path in _flat(item)]
    return [str(value)] if isinstance(value, str) else [p for item in value for p in _flat(item)]
