"""Slurm's records of the jobs of one Snakemake."""

import os
import re
import subprocess
from datetime import datetime
from pathlib import Path

Job = dict[str, str]


def ask(slurm: dict[str, str], *command: str) -> str:
    """Return the output of one of Slurm's commands."""
    env = os.environ | slurm
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout


def records(slurm: dict[str, str], tree: Path) -> list[Job]:
    """Return Slurm's records of all jobs of ``tree`` in order, including ended ones."""
    lines = ask(slurm, "scontrol", "show", "job", "--details", "--oneliner").splitlines()
    jobs = [dict(re.findall(r"(\S+?)=(.*?)(?=\s+\S+?=|\s*$)", line)) for line in lines]
    mine = [job for job in jobs if job.get("WorkDir") == str(tree)]
    return sorted(mine, key=lambda job: int(job["JobId"]))


def of_rule(jobs: list[Job], rule: str) -> dict[str, list[Job]]:
    """Return the jobs of a rule by their wildcards, each with its retries."""
    jobs_of: dict[str, list[Job]] = {}
    for job in jobs:
        name, _, wildcards = job["Comment"].partition("_wildcards_")
        if name == f"rule_{rule}":
            jobs_of.setdefault(wildcards, []).append(job)
    return jobs_of


def together(jobs: list[Job]) -> bool:
    """Return whether there was a time at which all of ``jobs`` ran."""
    latest_start = max(datetime.fromisoformat(job["StartTime"]) for job in jobs)
    return latest_start < min(datetime.fromisoformat(job["EndTime"]) for job in jobs)
