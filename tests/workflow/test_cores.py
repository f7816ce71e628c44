"""No result depends on how many cores there are."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ASKS = re.compile(r"cpu_count|sched_getaffinity|workflow\.cores|get_num_threads|snakemake\.threads")
# Snakemake lowers a job's threads to the cores there are. These divide work that comes out the
# same for any number, as their own tests show; the last two reject fewer and record the number.
MAY_ASK = {
    "scripts/add_auxiliary.py",
    "scripts/extract_questions.py",
    "scripts/tokenize_questions.py",
    "scripts/extract_features.py",
    "scripts/wordbridge/job.py",
}


def test_only_code_with_the_same_results_for_any_number_of_cores_reads_that_number():
    sources = [p for ending in ("py", "smk") for p in (ROOT / "workflow").rglob(f"*.{ending}")]
    asking = {p for p in [*sources, ROOT / "Snakefile"] if ASKS.search(p.read_text("utf-8"))}
    assert {p.relative_to(ROOT / "workflow").as_posix() for p in asking} == MAY_ASK
