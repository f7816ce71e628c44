"""Causes once each, what they hit, what follows, how long."""

import pytest

from wordbridge.planning.explanation import explain
from wordbridge.planning.jobs import Cause, PlannedJob
from wordbridge.planning.wording import duration, lines

SIZE = Cause("parameter", "size", 2, 3)
CODE = Cause("code", "wordbridge/toy.py", "aa", "bb")


def job(name: str, *causes: Cause, after: str = "", seconds: float | None = 2) -> PlannedJob:
    """Return a needed job whose output has its name; ``after`` has names, with commas between."""
    rule, _, seed = name.partition(" ")
    return PlannedJob(
        name=name,
        rule=rule,
        wildcards={"seed": seed} if seed else {},
        outputs=(f"{name}.txt",),
        after=tuple(filter(None, after.split(","))),
        needed=True,
        causes=causes,
        seconds=seconds,
    )


def said(*jobs: PlannedJob) -> list[str]:
    return list(lines(explain(jobs)))


def test_an_up_to_date_tree_is_one_line():
    done = job("read", seconds=None)
    assert said(PlannedJob(**vars(done) | {"needed": False})) == ["up to date: nothing to be made"]


def test_a_cause_is_told_once_with_all_it_hits_and_all_that_follows():
    plan = [
        job("read"),
        job("train 1", SIZE, after="read"),
        job("train 2", SIZE, after="read"),
        job("score 1", after="train 1"),
        job("score 2", after="train 2"),
        job("table", after="score 1,score 2"),
    ]
    plan[0] = PlannedJob(**vars(plan[0]) | {"needed": False})
    assert said(*plan) == [
        "parameter: size: 2 -> 3",
        "    makes stale: train 1 2",
        "    then 3 jobs: score (2), table",
        "5 jobs: about 10 s one after the other, 6 s at least with many cores",
    ]


def test_causes_that_hit_the_same_jobs_are_one_group_and_the_first_job_to_run_comes_first():
    plan = [job("read", CODE), job("train", CODE, SIZE, after="read")]
    assert said(*plan)[:5] == [
        "code: wordbridge/toy.py: aa -> bb",
        "    makes stale: read, train",
        "parameter: size: 2 -> 3",
        "    makes stale: train",
        "2 jobs: about 4 s one after the other",
    ]
    both = [job("train", CODE, SIZE)]
    assert said(*both)[:3] == [
        "code: wordbridge/toy.py: aa -> bb",
        "parameter: size: 2 -> 3",
        "    makes stale: train",
    ]


def test_values_that_are_lists_are_compared_as_well():
    longer = Cause("parameter", "betas", [1, 2], [1, 2, 3])
    assert said(job("train 1", longer), job("train 2", longer))[0] == (
        "parameter: betas: [1, 2] -> [1, 2, 3]"
    )


def test_what_was_never_made_is_told_by_rule_with_what_it_is_made_from():
    plan = [
        job("fetch en", Cause("new", "fetch en.txt"), seconds=None),
        job("train 1", Cause("new", "train 1.txt"), after="fetch en", seconds=70),
        job("train 2", Cause("new", "train 2.txt"), after="fetch en", seconds=70),
    ]
    assert said(*plan) == [
        "not made yet",
        "    fetch en",
        "    train 1 2  from fetch  (2 min 20 s)",
        "3 jobs: about 2 min 20 s one after the other, 1 min 10 s at least with many cores; "
        "not known of 1 job: fetch",
    ]


def test_deleted_files_are_named_while_they_are_few_and_told_by_rule_when_they_are_many():
    def lost(name: str, after: str = "") -> PlannedJob:
        return job(name, Cause("deleted", f"{name}.txt"), after=after)

    few = [lost("train 1"), job("score 1", after="train 1"), lost("table", after="score 1")]
    assert said(*few)[:4] == [
        "deleted: train 1.txt",
        "deleted: table.txt",
        "    makes stale: train 1, table",
        "    then 1 job: score",
    ]
    many = [lost(f"train {seed}") for seed in range(8)]
    assert said(*many)[:2] == ["deleted: 8 files", "    train (8)  (16 s)"]


def test_a_new_input_is_no_cause_of_its_own_when_a_new_job_makes_it_but_a_lost_one_is():
    new = job("score 3", Cause("new", "score 3.txt"))
    added = Cause("inputs", "score 3.txt", None, "score 3.txt")
    lost = Cause("inputs", "score 1.txt", "score 1.txt", None)
    assert explain([new, job("table", added, after="score 3")]).groups[0].follow == ("table",)
    assert "table" not in {
        name
        for group in explain([new, job("table", added, after="score 3")]).groups
        for name in group.hit
    }
    assert said(job("table", lost))[0] == "other set of inputs: without score 1.txt"


def test_without_any_earlier_run_the_time_is_said_to_be_unknown():
    assert said(job("train", CODE, seconds=None))[-1] == (
        "1 job: how long is not known, because no job of these rules has run here"
    )


def test_many_causes_are_cut():
    causes = [Cause("parameter", f"key{number}", 1, 2) for number in range(9)]
    assert said(job("train", *causes))[6] == "and 3 more, see --json"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.1, "1 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (3599, "59 min 59 s"), (7380, "2 h 3 min")],
)
def test_durations_read_as_people_say_them(seconds: float, text: str):
    assert duration(seconds) == text
