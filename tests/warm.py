"""A server that forks processes in which the large libraries are already imported.

Most of the time of a small workflow goes into ``import torch``. The server imports the libraries
once and forks a process for each request, until the process ends that it was started for.
``python tests/warm.py run SOCKET SCRIPT`` does what ``python SCRIPT`` does, in such a process. No
module of this project is imported before the fork.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, NoReturn

# The first optimizer of a process imports torch._dynamo.
LIBRARIES = ("matplotlib.pyplot", "nmslib", "pandas", "sacrebleu", "sentencepiece", "spacy.lang.en")
LIBRARIES += ("spacy.lang.fr", "snakemake.cli", "snakemake.utils", "torch._dynamo")


def start(address: str, pid: int, hash_seed: str = "random") -> None:
    """Start a server that listens on the socket ``address`` as long as the process ``pid`` runs.

    ``hash_seed`` is the PYTHONHASHSEED of all its processes.
    """
    env = os.environ | {"PYTHONHASHSEED": hash_seed}
    program = Path(f"{address}.python")
    command = [sys.executable, "-SE", str(Path(__file__).resolve()), "run", address]
    program.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        descriptor = listener.fileno()
        command = [sys.executable, __file__, "serve", address, str(descriptor), str(pid)]
        subprocess.run(
            command, env=env, pass_fds=[descriptor], stdin=subprocess.DEVNULL, check=True
        )


def run(
    address: str, arguments: list[str], env: dict[str, str], cwd: str, output: int, errors: int
) -> int:
    """Return the exit status of ``python ARGUMENTS`` in a forked process.

    ``output`` and ``errors`` are the descriptors of its standard output and standard error.
    """
    with socket.socket(socket.AF_UNIX) as server, tempfile.TemporaryFile(buffering=0) as request:
        server.connect(address)
        request.write(json.dumps({"arguments": arguments, "env": env, "cwd": cwd}).encode())
        socket.send_fds(server, [b"."], [request.fileno(), output, errors])
        status = server.recv(16)
    return int(status or b"1")  # a killed server gives no status


def serve(listener: socket.socket, pid: int) -> dict[str, Any] | None:
    """Return each request in another process; None in the server when ``pid`` has ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that answer
    ended = os.pidfd_open(pid)
    while listener in select.select([listener, ended], [], [])[0]:
        client, _ = listener.accept()
        if os.fork():
            client.close()
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        listener.close()
        _, (request, output, errors), _, _ = socket.recv_fds(client, 1, 3)
        if child := os.fork():
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            client.sendall(str(status).encode())
            os._exit(0)
        client.close()
        os.dup2(output, 1)
        os.dup2(errors, 2)
        return dict(json.loads(os.pread(request, os.fstat(request).st_size, 0)))
    return None


def become(request: dict[str, Any], address: str) -> None:
    """Run ``python ARGUMENTS`` in this process."""
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    sys.path[:0] = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    match request["arguments"]:
        case ["-m", module, *arguments]:
            # Snakemake starts its scripts with it.
            sys.executable = f"{address}.python"
            sys.argv = [module, *arguments]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        case ["-c", code, *arguments]:
            sys.argv = ["-c", *arguments]
            with tempfile.NamedTemporaryFile("w", suffix=".py", encoding="utf-8") as file:
                file.write(code)
                file.flush()
                runpy.run_path(file.name, run_name="__main__")
        case [script, *arguments]:
            sys.path.insert(0, str(Path(script).parent))
            sys.argv = [script, *arguments]
            runpy.run_path(script, run_name="__main__")


def run_and_exit(request: dict[str, Any], address: str) -> NoReturn:
    """Run ``python ARGUMENTS`` and exit; modules are not deleted, which takes a second."""
    status: int | str | None = 0
    try:
        become(request, address)
    except SystemExit as ended:
        status = ended.code
        if isinstance(status, str):
            print(status, file=sys.stderr)
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        status = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(1 if isinstance(status, str) else status or 0)


def main() -> None:
    match sys.argv[1:]:
        case ["run", address, *arguments]:
            sys.exit(run(address, arguments, dict(os.environ), os.getcwd(), 1, 2))
        case ["serve", address, descriptor, pid]:
            if os.fork():
                os._exit(0)  # nobody waits for the server
            del sys.path[0]  # the folder of this file
            for library in LIBRARIES:
                importlib.import_module(library)
            listener = socket.socket(fileno=int(descriptor))
            gc.freeze()
            if request := serve(listener, int(pid)):
                run_and_exit(request, address)


if __name__ == "__main__":
    main()
