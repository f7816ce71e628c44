"""The trained models in a folder of results, and the choice of one."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from wordbridge.errors import InputError
from wordbridge.json_file import read_object
from wordbridge.translation.records import read_records

Run = tuple[str, int]  # variant and seed


def read_usage(results: Path) -> dict[str, Any]:
    """Return what the workflow wrote of how the translators in ``results`` are used, and which.

    Raises InputError when it is missing or damaged.
    """
    path, remedy = results / "usage.json", "run snakemake with this experiment's configuration"
    if not path.is_file():
        raise InputError(f"{path}: expected the settings of a finished run, got no file; {remedy}")
    keys = ("decoding", "rules", "tokenizer", "variants", "seeds")
    return read_object(path, "the settings of a finished run", remedy, keys)


def trained_runs(results: Path) -> list[Run]:
    """Return the variant and seed of every model in ``results`` that is the run's own, sorted.

    Others were left there by earlier configurations, whose words had other numbers perhaps.
    Raises InputError when there is none.
    """
    runs = runs_of(results.glob("translators/*/*/model.safetensors"))
    if not runs:
        got = "none" if results.is_dir() else "a file" if results.exists() else "no such folder"
        raise InputError(
            f"{results}: expected trained translators, got {got}; run snakemake first, or name "
            "the folder of another experiment with --results"
        )
    usage = read_usage(results)
    own = [run for run in runs if run[0] in usage["variants"] and run[1] in usage["seeds"]]
    if not own:
        got = ", ".join(f"{variant}/{seed}" for variant, seed in runs)
        raise InputError(
            f"{results}: expected translators of its last configuration, got {got} of an earlier "
            "one; run snakemake again"
        )
    return own


def runs_of(models: Iterable[str | Path]) -> list[Run]:
    """Return the variant and seed of each model VARIANT/SEED/model.safetensors, sorted."""
    named = (Path(path).parts[-3:-1] for path in models)
    # A folder of another name is none of the workflow's.
    return sorted((variant, int(seed)) for variant, seed in named if seed.isdecimal())


def runs_out_of(results: Path, language: str) -> list[Run]:
    """Return those of the trained runs that translate out of ``language``, "fr" or "en".

    Raises InputError when there is none.
    """
    found = [run for run in trained_runs(results) if _direction(results, run)[:2] == language]
    if not found:
        raise InputError(
            f"{results}: expected a translator out of {language}, got others only; "
            "train a variant of that direction"
        )
    return found


def best_run(results: Path, runs: Sequence[Run]) -> Run:
    """Return that one of ``runs`` with the highest BLEU, the first where nothing is scored yet."""
    return max(runs, key=lambda run: _bleu(results, run))  # the first of equals


def choose_run(results: Path, variant: str | None = None, seed: int | None = None) -> Run:
    """Return the trained variant and seed with the highest BLEU, among those asked for.

    Where nothing is scored yet the first one is taken. Raises InputError when none fits.
    """
    runs = trained_runs(results)
    if variant is not None:
        runs = [run for run in runs if run[0] == variant] or _none(
            "variant", variant, [name for name, _ in runs], results
        )
    if seed is not None:
        runs = [run for run in runs if run[1] == seed] or _none(
            "seed", str(seed), [str(number) for _, number in runs], results
        )
    return best_run(results, runs)


def _direction(results: Path, run: Run) -> str:
    path = results / "translators" / run[0] / str(run[1]) / "settings.json"
    found = read_object(path, "settings of a translator", "train it again", ("direction",))
    return str(found["direction"])


def _bleu(results: Path, run: Run) -> float:
    path = results / "scores" / run[0] / f"{run[1]}.json"
    if not path.is_file():
        return -1.0
    bleu = read_records([path])[0].get("bleu_single")
    if not isinstance(bleu, int | float):
        raise InputError(
            f"{path}: expected a number bleu_single, got {bleu!r}; score the run again, or choose "
            "with --variant and --seed"
        )
    return float(bleu)


def _none(kind: str, wanted: str, known: Sequence[str], results: Path) -> list[Run]:
    names = list(dict.fromkeys(known))
    near = get_close_matches(wanted, names, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else "choose one of them or train it"
    raise InputError(f"{results}: expected a {kind} of {', '.join(names)}, got {wanted}; {hint}")
