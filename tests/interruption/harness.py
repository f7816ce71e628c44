"""Real runs of small experiments that are killed, and what is watched meanwhile."""

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from tests.mini_tree import CONFIG, RESULTS, artefacts, options
from wordbridge.manifest import VOLATILE_FOLDERS

FAULTS = "faults"
SLACK = 0.3  # seconds that a busy machine may let a process wait
ATTEMPTS = 40  # far more than faults; a run that never ends well is an error


class Snakemake:
    """Snakemake in ``tree``, in a process group of its own, as a terminal would start it."""

    started: ClassVar[list["Snakemake"]] = []

    def __init__(
        self, tree: Path, *arguments: str | Path, cores: int = 2, config: str = CONFIG
    ) -> None:
        self.tree = tree
        self.shown = tree / "shown.txt"
        self.before = len(self.all_output())
        paths = (tree / FAULTS, tree / "workflow/scripts")
        env = {"PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "snakemake", "--cores", str(cores)]
        with self.shown.open("ab") as shown:
            self.process = subprocess.Popen(
                [*command, *arguments, *options(tree / config)],
                cwd=tree,
                env=os.environ | env,
                stdout=shown,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # A shell starts what it puts in the background with SIGINT ignored.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
            )
        self.started.append(self)

    def all_output(self) -> str:
        """Return what this Snakemake and those before it have shown."""
        return self.shown.read_text(errors="replace") if self.shown.exists() else ""

    def words(self) -> str:
        """Return what this Snakemake has shown."""
        return self.all_output()[self.before :]

    def wait_for(self, words: str, count: int = 1) -> bool:
        """Return whether it has shown ``words`` ``count`` times; False when it ended before."""
        while self.words().count(words) < count:
            if self.process.poll() is not None:
                return False
            time.sleep(0.05)
        return True

    def end(self) -> tuple[int, str]:
        """Return its exit status and what it has shown, when it has ended."""
        status = self.process.wait(timeout=3600)
        return status, self.words()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to Snakemake alone."""
        self.process.send_signal(number)


def fails(tree: Path, *arguments: str) -> list[str]:
    """Return the lines with errors of a run that must fail without a traceback of a job's."""
    status, shown = Snakemake(tree, *arguments).end()
    assert status != 0
    assert "Traceback" not in shown
    return [line for line in shown.splitlines() if "error: " in line]


def succeeds(tree: Path, *targets: str) -> str:
    """Return what a run to the end shows."""
    status, shown = Snakemake(tree, *targets).end()
    assert status == 0, shown
    return shown


def prepare_faults(tree: Path, faults: Mapping[str, Iterable[Mapping[str, Any]]]) -> int:
    """Write the faults of each rule, which its processes take in turn; return how many."""
    folder = tree / FAULTS
    folder.mkdir(exist_ok=True)
    shutil.copy(Path(__file__).with_name("sitecustomize.py"), folder)
    for rule, many in faults.items():
        for number, fault in enumerate(many):
            (folder / f"{rule}.{number:03d}.json").write_text(json.dumps(fault))
    return len([*folder.glob("*.json")])


def rearm(tree: Path) -> list[str]:
    """Let the faults wait again whose process ended before their time; return their rules."""
    folder = tree / FAULTS
    for path in folder.glob("*.taken"):
        path.rename(path.with_suffix(".json"))
    return sorted({path.name.partition(".")[0] for path in folder.glob("*.json")})


class Note(NamedTuple):
    """What a process did in a training: ``kind`` is step or saved, ``step`` the step's number."""

    pid: int
    kind: str
    step: int
    at: float


def trainings(tree: Path) -> dict[str, list[Note]]:
    """Return what was noted in each training, by the names of their states."""
    path = tree / FAULTS / "steps.tsv"
    notes_of: dict[str, list[Note]] = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        state, pid, kind, step, at = line.split("\t")
        notes_of.setdefault(state, []).append(Note(int(pid), kind, int(step), float(at)))
    return notes_of


def check_nothing_repeated_but_the_last_interval(tree: Path, seconds: float) -> tuple[int, int]:
    """Return how many steps all trainings had and how many of them were repeated.

    In a training each process must begin right behind the last saved state, and no two steps more
    than ``seconds`` after a state may come before the next one.
    """
    counts = [_steps_and_repeated(notes, seconds) for notes in trainings(tree).values()]
    return sum(steps for steps, _ in counts), sum(repeated for _, repeated in counts)


def _steps_and_repeated(notes: Iterable[Note], seconds: float) -> tuple[int, int]:
    total = repeated = done = saved = late = running = 0
    since = 0.0
    for pid, kind, step, at in notes:
        if kind == "saved":
            saved, since, late = step, at, 0
        elif pid != running:
            assert step == saved + 1
            repeated += done - saved
            since, late = at, 0
        else:
            assert step == done + 1
            late += at - since > seconds + SLACK
            assert late <= 1
        total += kind == "step"
        done, running = step, pid
    return total, repeated


class Watcher(threading.Thread):
    """Looks at all final names of a tree again and again; ``wrong`` are those seen half.

    A result must have its bytes of ``expected`` from the first moment, a state of a training
    must be as long as its header states.
    """

    def __init__(self, tree: Path, expected: Mapping[str, bytes], results: str = RESULTS) -> None:
        super().__init__(daemon=True)
        self.results, self.states = tree / results, tree / "resources/state"
        self.expected = expected
        self.seen: dict[str, tuple[int, int, int]] = {}
        self.looks, self.wrong = 0, set[str]()
        self._ended = threading.Event()

    def __enter__(self) -> "Watcher":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        while not self._ended.wait(0.03):
            self.looks += 1
            for root in (self.results, self.states):
                for file in files(root):
                    with suppress(FileNotFoundError):
                        self._look(file)

    def _look(self, file: os.DirEntry[str]) -> None:
        stat = file.stat()
        now = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if self.seen.get(file.path) != now:
            self.seen[file.path] = now
            if not self._is_whole(Path(file.path)):
                self.wrong.add(file.path)

    def _is_whole(self, path: Path) -> bool:
        if path.is_relative_to(self.results):
            return path.read_bytes() == self.expected.get(str(path.relative_to(self.results)))
        return path.suffix == ".lock" or is_whole_state(path.read_bytes())


def files(folder: str | Path) -> Iterator[os.DirEntry[str]]:
    """Yield the files in ``folder``, at any depth, with a final name and without times."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                if entry.name not in VOLATILE_FOLDERS:
                    yield from files(entry.path)
            elif not entry.name.startswith("."):
                yield entry


def is_whole_state(content: bytes) -> bool:
    """Return whether a safetensors file has all the bytes that its header lists."""
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    return len(content) == 8 + length + max(ends, default=0)


def check_same(tree: Path, undisturbed: Path, results: str = RESULTS) -> int:
    """Return how many bytes of results were compared, all of them the same; no trace is left."""
    ours, theirs = artefacts(tree, results), artefacts(undisturbed, results)
    assert {name for name in ours.keys() | theirs if ours.get(name) != theirs.get(name)} == set()
    assert [*tree.glob("r*/**/.*.partial.*")] == []
    assert [path for path in tree.glob("resources/state/**/*") if path.is_file()] == []
    assert [*tree.glob(".snakemake/locks/*")] == []
    return sum(map(len, ours.values()))
