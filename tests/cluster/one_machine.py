"""A Slurm of this one machine, in a folder of its own: ``one_machine.py start|stop FOLDER``.

For tests, and to try profiles/slurm: munged, slurmctld and slurmd run on loopback and write into
FOLDER only, so that no file of the system changes. It needs root and, on Debian,
``apt-get install slurm-wlm munge``. The node claims more processors, memory and GPUs than there
are, since only what Slurm hands out matters here. What leads to it:
``export SLURM_CONF=FOLDER/slurm.conf PATH=FOLDER/bin:$PATH``.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol"]
# Snakemake's plugin takes SLURM_CONF away from srun inside a job, so a srun of our own sets it.
SRUN = """#!/bin/sh
SLURM_CONF='{folder}/slurm.conf' exec {srun} "$@"
"""
PATIENCE = 60.0  # seconds that daemons and jobs may take to come up or to go
GPU_DEVICES = ["/dev/null", "/dev/zero"]  # devices that everybody has stand for GPUs
DAEMONS = ["slurmd", "slurmctld", "munged"]  # in the order of their ends

# Two partitions, because jobs of the second one preempt those of the first one, as on clusters
# with cheap, preemptible time: SIGTERM, a time of grace, SIGKILL, back into the queue.
# cred_expire is also how long a requeued job waits; the scheduler's intervals are short as well.
CONF = """
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munged.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
PlugStackConfig=/dev/null
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
MinJobAge=3600
ReturnToService=2
SlurmdParameters=config_overrides
MpiDefault=none
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=64000 Gres=gpu:{gpus} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES PriorityTier=1 GraceTime=20
PartitionName=urgent Nodes={host} PriorityTier=2 PreemptMode=OFF
"""


def missing() -> str | None:
    """Return why no Slurm can be started here, or None."""
    absent = [name for name in PROGRAMS if shutil.which(name, path=_path()) is None]
    if absent:
        expected = ", ".join(absent)
        return f"no Slurm: expected {expected}, found none; apt-get install slurm-wlm munge"
    if os.geteuid() != 0:
        return "no Slurm: its daemons need root, got another user; run this as root"
    return None


def _path() -> str:
    return os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"


def start(folder: Path) -> None:
    """Start the three daemons in ``folder``, unless they run, and wait until a job could start.

    Raises RuntimeError, with the logs, when they do not come up; nothing is left running then.
    """
    if reason := missing():
        raise RuntimeError(reason)
    if all(_pid(folder, name) for name in DAEMONS):
        return
    stop(folder)
    _write_files(folder)
    try:
        _launch(folder)
    except (RuntimeError, subprocess.CalledProcessError) as error:
        logs = [path.read_text(errors="replace") for path in sorted(folder.glob("*.log"))]
        stop(folder)
        raise RuntimeError("\n".join([f"Slurm did not start: {error}", *logs])) from None


def stop(folder: Path) -> None:
    """End all jobs and daemons of ``folder``; what they wrote stays. Nothing to end is no error."""
    if _pid(folder, "slurmctld") and _pid(folder, "slurmd"):
        _run(folder, "scancel", "--user=root")
        _wait(lambda: not list(folder.glob("spool/job*")), "an end of all jobs")
    for name in DAEMONS:
        if pid := _pid(folder, name):
            os.kill(pid, signal.SIGTERM)
            _wait(lambda name=name, pid=pid: not _runs(pid, name), f"an end of {name}")


def _write_files(folder: Path) -> None:
    for part in ("state", "spool", "gpus", "bin"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for number, device in enumerate(GPU_DEVICES):
        link = folder / f"gpus/gpu{number}"
        link.unlink(missing_ok=True)
        link.symlink_to(device)
    key = folder / "munged.key"
    key.touch(mode=0o600)
    key.write_bytes(secrets.token_bytes(128))
    srun = folder / "bin/srun"
    srun.write_text(SRUN.format(folder=folder, srun=shutil.which("srun", path=_path())))
    srun.chmod(0o755)
    controller_port, node_port = _free_ports(2)
    host = socket.gethostname().split(".")[0]
    conf = CONF.format(
        folder=folder,
        host=host,
        controller_port=controller_port,
        node_port=node_port,
        gpus=len(GPU_DEVICES),
    )
    (folder / "slurm.conf").write_text(conf)
    last = len(GPU_DEVICES) - 1
    (folder / "gres.conf").write_text(f"Name=gpu File={folder}/gpus/gpu[0-{last}]\n")


def _free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on; all are held until the last one is found."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for listener in held:
            listener.bind(("127.0.0.1", 0))
        return [int(listener.getsockname()[1]) for listener in held]


def _launch(folder: Path) -> None:
    munge = ["key", "socket", "pid", "log", "seed"]
    files = {"socket": "--socket"} | {name: f"--{name}-file" for name in munge if name != "socket"}
    _run(folder, "munged", "--force", *(f"{files[n]}={folder}/munged.{n}" for n in munge))
    _run(folder, "slurmctld")
    _run(folder, "slurmd")
    _wait(lambda: _run(folder, "sinfo", "-h", "-o%T").stdout.split()[:1] == ["idle"], "a node")


def _run(folder: Path, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"SLURM_CONF": f"{folder}/slurm.conf", "PATH": _path()}
    return subprocess.run(command, env=env, check=check, capture_output=True, text=True)


def _pid(folder: Path, name: str) -> int | None:
    """Return the number of a daemon of ``folder``, or None if it does not run."""
    try:
        pid = int((folder / f"{name}.pid").read_text())
    except (FileNotFoundError, ValueError):
        return None
    return pid if _runs(pid, name) else None


def _runs(pid: int, name: str) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()  # empty once it has ended
    except (FileNotFoundError, ProcessLookupError):
        return False
    return name.encode() in command.split(b"\0")[0]


def _wait(reached: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        if time.monotonic() > deadline:
            raise RuntimeError(f"expected {what} within {PATIENCE:.0f} s")
        time.sleep(0.05)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["start", folder]:
            start(Path(folder).resolve())
        case ["stop", folder]:
            stop(Path(folder).resolve())
        case _:
            sys.exit(f"usage: {sys.argv[0]} start|stop FOLDER")
