"""Ends a job at a chosen moment, without a word in the product about it.

Python runs a module of this name first when it finds one; the harness copies it into a folder of
the tree under test, which it puts on the path. Beside it lie the faults, one a file: the first
process of the rule that a file is named after takes it. It also notes steps and saved states.
"""

import atexit
import json
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
TRAINERS = {"train_head", "train_translator"}


def rule_of_this_process():
    """Return the rule whose script this process is about to run, or None."""
    script = Path(sys.orig_argv[-1])
    return script.name.split(".")[1] if script.parent.name == "scripts" else None


def claimed(rule):
    """Return the first fault for the rule and its file, which no other process gets."""
    for path in sorted(FOLDER.glob(f"{rule}.*.json")):
        mine = path.with_suffix(".taken")
        try:
            path.rename(mine)
        except FileNotFoundError:
            continue
        return json.loads(mine.read_text()), mine
    return {}, None


class Fault:
    """The end of a process: after seconds, at a step, in the writing of a state, out of memory."""

    def __init__(self, settings, path):
        self.settings, self.path = settings, path
        self.steps = self.saves = 0
        self.place = settings.get("save"), settings.get("where")
        if "seconds" in settings:
            timer = threading.Timer(settings["seconds"], self.end)
            timer.daemon = True
            timer.start()
            atexit.register(self.end)  # a job that is quicker ends so, with all its files written

    def end(self):
        """Send the signal (SIGKILL) to this process, its Snakemake or both, or wait for one."""
        self.path.rename(self.path.with_suffix(".done"))
        if self.settings.get("waits"):
            signal.pause()
            return
        snakemake = int(os.environ["WORDBRIDGE_SNAKEMAKE"])
        pid = {"job": os.getpid(), "snakemake": snakemake, "group": -os.getpgrp()}
        os.kill(pid[self.settings.get("to", "job")], self.settings.get("signal", signal.SIGKILL))
        time.sleep(1)  # until the end of a Snakemake is noticed here

    def step(self):
        self.steps += 1
        if self.steps == self.settings.get("step"):
            self.end()

    def limit(self):
        """Leave this process ``room`` more megabytes of memory, if the fault is of that kind."""
        if "room" in self.settings:
            self.path.rename(self.path.with_suffix(".done"))
            status = Path("/proc/self/status").read_text()
            held = int(status.partition("VmData:")[2].split()[0]) * 1024
            limit = held + self.settings["room"] * 2**20
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

    def reached(self, where):
        if (self.saves, where) == self.place:
            self.end()


def note(state, kind, step):
    with (FOLDER / "steps.tsv").open("a") as file:
        file.write(f"{state.name}\t{os.getpid()}\t{kind}\t{step}\t{time.monotonic()}\n")


def watch_training(fault):
    """Note each step and each saved state, and let the fault come when it is due."""
    import wordbridge.training.checkpoint as checkpoint
    from wordbridge.training.checkpoint import Checkpointer
    from wordbridge.training.loop import TrainState

    end_step, write, write_bytes = TrainState.end_step, checkpoint.write_state, Path.write_bytes
    lock, load = checkpoint.lock, Checkpointer.load
    state = None

    def loaded(self):
        nonlocal state
        state = self.path
        return load(self)

    def counted(self, *arguments):
        end_step(self, *arguments)
        note(state, "step", self.step)
        fault.step()

    def written(path, tensors, best, values):
        fault.saves += 1
        write(path, tensors, best, values)
        note(path, "saved", values["step"])
        fault.reached("renamed")

    def written_bytes(path, content):
        if "state" in path.parts and (fault.saves, "half") == fault.place:
            write_bytes(path, content[: len(content) // 2])
            fault.end()
        write_bytes(path, content)
        if "state" in path.parts:
            fault.reached("whole")

    def locked_and_limited(*arguments, **options):
        fault.limit()
        return lock(*arguments, **options)

    TrainState.end_step, checkpoint.write_state = counted, written
    Path.write_bytes = written_bytes
    checkpoint.lock, Checkpointer.load = locked_and_limited, loaded


if RULE := rule_of_this_process():
    FAULT = Fault(*claimed(RULE))
    if RULE in TRAINERS:
        watch_training(FAULT)
