"""A finished experiment of three jobs with their records."""

import hashlib
import json
from pathlib import Path
from typing import Any

RESULTS = "results/toy"
TEXTS = {
    "resources/files/letters": "abc",
    f"{RESULTS}/upper/1.txt": "ABC",
    f"{RESULTS}/table.tsv": "ABC\t3\n",
    f"{RESULTS}/timings/upper.json": "{}",
}


def facts(text: str) -> dict[str, Any]:
    """Return the entry of a file with this text in a record."""
    return {"sha256": hashlib.sha256(text.encode()).hexdigest(), "bytes": len(text.encode())}


def record(rule: str, inputs: list[str], outputs: list[str], **changes: Any) -> dict[str, Any]:
    """Return the record of a job that read and wrote files of TEXTS."""
    return {
        "rule": rule,
        "wildcards": {},
        "results": RESULTS,
        "outputs": {name: facts(TEXTS[name]) for name in outputs},
        "inputs": {name: facts(TEXTS[name]) for name in inputs},
        "params": {"settings": {"case": {"of": "letters"}, "size": 3}},
        "params_sha256": "12",
        "code": {f"{rule}.py": "a1", "wordbridge/files.py": "b2"},
        "code_sha256": "34",
        "versions": {"numpy": "2.1"},
        "python": "3.11.7",
        "platform": "Linux",
        "cpu": "a processor",
        "device": "cpu",
        "threads": 1,
        "seconds": 2.5,
        "peak_memory_mb": 71.0,
        "ended": "2026-01-02T03:04:05+00:00",
    } | changes


FETCH = record(
    "fetch",
    [],
    ["resources/files/letters"],
    results="resources",
    wildcards={"resource": "letters"},
)
UPPER = record(
    "upper",
    ["resources/files/letters"],
    [f"{RESULTS}/upper/1.txt", f"{RESULTS}/timings/upper.json"],
    wildcards={"seed": "1"},
)
TABLE = record("table", [f"{RESULTS}/upper/1.txt"], [f"{RESULTS}/table.tsv"])


def write_record(checkout: Path, record: dict[str, Any]) -> None:
    """Write a record at the path of its job."""
    name = "/".join([record["rule"], *record["wildcards"].values()])
    path = checkout / record["results"] / "manifest" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))


def write_tree(checkout: Path) -> Path:
    """Write the files and records of the three jobs, a benchmark, and return the results."""
    for name, text in {**TEXTS, f"{RESULTS}/benchmarks/upper.tsv": "s\n1\n"}.items():
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text(text)
    for job in (FETCH, UPPER, TABLE):
        write_record(checkout, job)
    return checkout / RESULTS
