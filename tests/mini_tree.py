"""A checkout that a test may edit and run the mini experiment in."""

import shutil
from pathlib import Path

from wordbridge.manifest import VOLATILE_FOLDERS

ROOT = Path(__file__).resolve().parents[1]
CHECKOUT = ["Snakefile", "config.yaml", "envs", "profiles", "workflow", "tests/mini"]
CONFIG = "tests/mini/config.yaml"
RESULTS = "results/mini"
# Rules that have no job of their own.
COLLECTING = {"all", "text", "translation", "vectors"}


def copy_of_checkout(target: Path) -> Path:
    """Copy what a run needs to ``target`` and return it, with the bytecode that is there."""
    target.mkdir(parents=True)
    for name in CHECKOUT:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name)
        else:
            shutil.copy2(source, target / name)
    return target


def options(config: str | Path = CONFIG) -> list[str | Path]:
    return ["--configfile", config]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def artefacts(checkout: Path, results: str = RESULTS) -> dict[str, bytes]:
    """Return the bytes of all results outside VOLATILE_FOLDERS, by their names."""
    root = checkout / results
    names = [path.relative_to(root) for path in sorted(root.rglob("*")) if path.is_file()]
    return {
        str(name): (root / name).read_bytes()
        for name in names
        if name.parts[0] not in VOLATILE_FOLDERS
    }
