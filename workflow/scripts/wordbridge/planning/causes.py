"""What makes one job stale: asked of Snakemake's plan, named from what it recorded last time.

Snakemake stops at the first reason it finds, and looks for none in jobs that follow a stale one.
Its own comparisons are made here for these as well, so that no cause hides another.
"""

import ast
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from wordbridge.digests import sha256_of
from wordbridge.manifest.differences import ABSENT, differences
from wordbridge.planning.jobs import Cause


def causes(job: Any, workflow: Any) -> Iterator[Cause]:
    """Yield the job's own causes; none when it only follows other jobs."""
    reason, stored = workflow.dag.reason(job), workflow.persistence
    if reason.forced:
        yield Cause("forced", "asked for")
    known = [path for path in job.output if stored.metadata(path) is not None]
    yield from (Cause("incomplete", str(path)) for path in sorted(reason.incomplete_output))
    for path in sorted(reason.missing_output):
        yield Cause("deleted" if path in known else "new", str(path))
    # Of a job that never ran Snakemake compares inputs with outputs of the jobs after it.
    for path in sorted(reason.updated_input - reason.updated_input_run) if known else ():
        yield _changed_input(path, stored.metadata(known[0]))
    if len(known) == len(job.output):
        yield from _changes(job, workflow)


def _changes(job: Any, workflow: Any) -> Iterator[Cause]:
    """Yield what Snakemake's comparison with its records finds, for the triggers in use."""
    stored, triggers = workflow.persistence, {str(one) for one in workflow.rerun_triggers}
    changed = stored.params_changed(job) if "params" in triggers else None
    if changed:
        old = stored.metadata(min(changed.files)).params
        yield from _changed_params(old, job)
    if "input" in triggers:
        for path in (stored.input_changed(job, job.output[0]) and [job.output[0]]) or []:
            yield from _changed_set(stored.metadata(path).input, job)
    if "software-env" in triggers and any(stored.software_stack_changed(job)):
        yield Cause("environment", str(job.rule.conda_env))
    if "code" in triggers and workflow.dag.reason(job).code_changed:
        yield Cause("script", str(job.rule.script))


def _changed_input(path: Any, recorded: Any) -> Cause:
    """Return that an input is another file than before, with digests where both are known."""
    old = (recorded.input_checksums or {}).get(str(path))
    new = sha256_of(path)[:12] if old else None
    return Cause("input", str(path), old.removeprefix("sha256:")[:12] if old else None, new)


def _changed_set(old: list[str], job: Any) -> Iterator[Cause]:
    new = [str(path) for path in job.input]
    yield from (Cause("inputs", path, path, None) for path in sorted({*old} - {*new}))
    yield from (Cause("inputs", path, None, path) for path in sorted({*new} - {*old}))


def _changed_params(recorded: list[str], job: Any) -> Iterator[Cause]:
    """Yield the keys, modules and versions that differ from the recorded params."""
    old_code, old_rest = _parted([_value(text) for text in recorded])
    new_code, new_rest = _parted(list(job.non_derived_params))
    kinds = {"modules": "code", "versions": "version"}
    for part, kind in kinds.items():
        for one in differences(old_code.get(part, {}), new_code.get(part, {})):
            yield Cause(kind, one.key, one.old, one.new)
    pairs = zip_longest(
        _without(old_rest, new_rest), _without(new_rest, old_rest), fillvalue=ABSENT
    )
    for old, new in pairs:
        yield from (Cause("parameter", d.key, d.old, d.new) for d in differences(old, new))


def _without(values: list[Any], others: list[Any]) -> list[Any]:
    return [value for value in values if value not in others]


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):  # nan, or what no literal can say
        return text


def _parted(values: list[Any]) -> tuple[Mapping[str, Any], list[Any]]:
    """Return the param that stands for the code, and the others; see workflow/provenance.py."""
    code = [v for v in values if isinstance(v, Mapping) and v.keys() == {"modules", "versions"}]
    return (code[0] if code else {}), [value for value in values if value not in code]
