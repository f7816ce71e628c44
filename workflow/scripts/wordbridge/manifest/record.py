"""What a job writes about itself when it ends well: one small file per job.

All that differs from run to run stands here (times, memory, versions, devices), so that no
artefact needs to hold it. Of the package only what every environment has is imported.
"""

import hashlib
import json
import runpy
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from wordbridge.atomic import replacing
from wordbridge.attempts import so_far
from wordbridge.digests import sha256_of
from wordbridge.manifest.machine import machine, peak_memory_mb, versions

if TYPE_CHECKING:
    from snakemake.iocontainers import Snakemake

FOLDER = "manifest"
SECONDS = "resources/seconds"
SCRIPTS = Path(__file__).resolve().parents[2]
# Outside the package, because the Snakefile needs it before anything is installed.
PROVENANCE = SCRIPTS.parent / "provenance.py"
LARGEST = 10**9  # bytes of an input that is hashed: as much as Snakemake hashes for us


def write_record(snakemake: "Snakemake", directory: Path) -> None:
    """Write what is known about the finished job that ``snakemake`` describes.

    ``directory`` is what its paths start from. A job whose outputs are not all there did not end
    well and gets no record. That the disk is full is said in the log, and is no reason to lose
    the outputs.
    """
    if not all((directory / path).exists() for path in snakemake.output):
        return
    try:
        record = job_record(snakemake, directory)
        job = (record["results"], record["rule"], record["wildcards"])
        text = json.dumps(record, indent=1, ensure_ascii=False, default=str)
        _write(directory / record_path(*job), text)
        _write(directory / seconds_path(*job), str(record["seconds"]))
    except OSError as error:
        print(
            f"warning: the outputs stand, but the job has no record ({error}); "
            f"to have one: snakemake --force {snakemake.output[0]}",
            file=sys.stderr,
        )


def record_path(results: str, rule: str, wildcards: Mapping[str, str]) -> Path:
    """Return where a job's record lies: in the manifest of its folder of results."""
    return Path(results, FOLDER, *_below(rule, wildcards, ".json"))


def seconds_path(results: str, rule: str, wildcards: Mapping[str, str]) -> Path:
    """Return where the job's seconds are kept even when all results are deleted."""
    experiment = PurePath(results)
    parts = experiment.relative_to(experiment.anchor).parts
    return Path(SECONDS, *parts, *_below(rule, wildcards, ".txt"))


def _below(rule: str, wildcards: Mapping[str, str], ending: str) -> list[str]:
    *folders, last = (rule, *wildcards.values())
    return [*folders, f"{last}{ending}"]


def _write(path: Path, text: str) -> None:
    with replacing(path) as partial:
        partial.write_text(f"{text}\n", encoding="utf-8", newline="\n")


def job_record(snakemake: "Snakemake", directory: Path) -> dict[str, Any]:
    """Return all that is known about a job: what made which bytes out of which."""
    params, (seconds, attempts) = dict(snakemake.params.items()), so_far()
    code = params.pop("code")
    return {
        "rule": snakemake.rule,
        "wildcards": {name: str(value) for name, value in snakemake.wildcards.items()},
        "results": home(snakemake.output[0], snakemake.config),
        "outputs": _files(snakemake.output, directory, largest=None),
        "inputs": _files(snakemake.input, directory, LARGEST),
        "params": params,
        "params_sha256": _digest(params),
        "code": code["modules"],
        "code_sha256": _digest(code["modules"]),
        "versions": versions(code["versions"] or _distributions(code["modules"])),
        **machine(),
        "threads": snakemake.threads,
        "seconds": round(seconds, 2),
        "attempts": attempts,
        "peak_memory_mb": round(peak_memory_mb(), 1),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def home(output: str, config: Mapping[str, Any]) -> str:
    """Return the experiment's folder; for a download, which all experiments share, the top one."""
    results = PurePath(config.get("pathvars", {}).get("results", "results"))
    first = PurePath(output)
    return (results if first.is_relative_to(results) else PurePath(first.parts[0])).as_posix()


def _distributions(modules: Iterable[str]) -> dict[str, str]:
    """Return what this job imports; in conda environments, whose versions the plan lacks."""
    (script,) = (name for name in modules if "/" not in name)
    found: dict[str, str] = runpy.run_path(str(PROVENANCE))["versions"](SCRIPTS / script)
    return found


def _files(
    paths: Iterable[str], directory: Path, largest: int | None
) -> dict[str, dict[str, str | int | None]]:
    """Return size and digest of each file; no digest of one that is larger than ``largest``."""
    found: dict[str, dict[str, str | int | None]] = {}
    for name in map(str, paths):
        path = directory / name
        size = path.stat().st_size
        digest = sha256_of(path) if largest is None or size <= largest else None
        found[name] = {"sha256": digest, "bytes": size}
    return found


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
