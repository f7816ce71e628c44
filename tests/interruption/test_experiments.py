"""That the experiments whose rules are killed leave no rule out."""

from pathlib import Path

from tests.interruption.experiments import EXPERIMENTS
from tests.planned import Planner, unchanging_code


def test_every_rule_with_a_script_is_run_and_killed_in_one_of_the_experiments(tmp_path: Path):
    scripted, run = set[str](), set[str]()
    with unchanging_code():
        for experiment in EXPERIMENTS:
            folder = tmp_path / experiment.name
            folder.mkdir()
            experiment.write_sources(folder)
            planner, config = Planner(folder, experiment.targets), experiment.configuration()
            scripted |= planner.scripted(config)
            run |= {job.rule for job in planner.plan(config).jobs.values()}
    assert sorted(scripted - run) == []
    assert run <= scripted
