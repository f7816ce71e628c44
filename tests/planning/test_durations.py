"""How long jobs take, from benchmarks and from what outlives them."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from wordbridge.manifest.record import seconds_path
from wordbridge.planning.durations import Durations

CONFIG = {"pathvars": {"results": "results/toy"}}


def job(variant: str, seed: str, rule: str = "train") -> SimpleNamespace:
    return SimpleNamespace(
        rule=SimpleNamespace(name=rule),
        wildcards_dict={"variant": variant, "seed": seed},
        benchmark=f"results/toy/benchmarks/{rule}/{variant}/{seed}.tsv",
        output=[f"results/toy/{rule}/{variant}/{seed}"],
    )


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout in which three trainings ran."""
    monkeypatch.chdir(tmp_path)
    for name, seconds in (("plain/1", 10), ("plain/2", 20), ("large/1", 300)):
        path = tmp_path / f"results/toy/benchmarks/train/{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\n{seconds}\t0\n")
    return tmp_path


JOBS = [job("plain", "1"), job("plain", "2"), job("large", "1")]


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        (job("plain", "2"), 20),
        (job("plain", "3"), 15),
        (job("large", "2"), (20 + 300) / 2),
        (job("other", "7"), 110),
        (job("plain", "1", rule="score"), None),
    ],
    ids=["same job", "same variant", "something in common", "same rule", "another rule"],
)
def test_the_jobs_most_alike_say_how_long(ran: Path, asked, seconds: float | None):
    assert Durations(JOBS, CONFIG).of(asked) == seconds


@pytest.mark.parametrize("variant", ["new", "plain"])
def test_what_a_job_has_kept_counts_before_a_benchmark(ran: Path, variant: str):
    kept = ran / seconds_path("results/toy", "train", {"variant": variant, "seed": "1"})
    kept.parent.mkdir(parents=True)
    kept.write_text("41.5\n")
    durations = Durations([*JOBS, job("new", "1")], CONFIG)
    assert durations.of(job(variant, "1")) == 41.5


@pytest.mark.parametrize("text", ["", "s\n", "x\n1\n", "s\nlong\n"])
def test_a_damaged_benchmark_says_nothing(ran: Path, text: str):
    (ran / "results/toy/benchmarks/train/plain/1.tsv").write_text(text)
    assert Durations([job("plain", "1")], CONFIG).of(job("plain", "1")) is None
