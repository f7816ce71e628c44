"""Coverage-guided fuzzing of doors, one after the other: ``python -m tests.inputs.fuzz 60 npy``.

Without names all doors of binary files are taken. Each has a time in seconds; what a reader raises
other than its own errors ends the run with its traceback and the bytes that did it. Needs atheris.
"""

import os
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["tarfile", "wordbridge", "zipfile"]):
    from tests.inputs.doors import BINARY, DOORS
    from wordbridge.errors import InputError
    from wordbridge.images.decoding import UnreadableImageError

MOST_BYTES = 4096


def fuzz(name: str, seconds: int, folder: Path) -> None:
    """Read mutated files through one door; does not return."""
    door = DOORS[name]
    path = door.set_up(folder)
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "valid").write_bytes(path.read_bytes())

    def read(content: bytes) -> None:
        path.unlink()  # the file before may still be mapped
        path.write_bytes(content)
        try:
            door.read(path)
        except (InputError, UnreadableImageError):
            return

    options = [f"-max_total_time={seconds}", f"-max_len={MOST_BYTES}", "-timeout=120"]
    options += [f"-artifact_prefix={folder}/", "-print_final_stats=1", "-verbosity=0", "-seed=1"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], read)
    atheris.Fuzz()


def main(seconds: int, names: list[str]) -> int:
    """Return 0 if no door let anything through."""
    failed = []
    for name in names or BINARY:
        print(f"== {name}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            child = os.fork()  # atheris never comes back, and the imports take long
            if child == 0:
                fuzz(name, seconds, Path(folder))
            if os.waitpid(child, 0)[1]:
                failed.append(name)
    print(f"failed: {', '.join(failed) or 'none'}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
