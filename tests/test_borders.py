"""Module borders are staleness borders: which scripts an edit of a module leaves alone."""

from functools import cache
from pathlib import Path

import pytest

from workflow.provenance import digest

SCRIPTS = Path(__file__).resolve().parents[1] / "workflow" / "scripts"
DEAR = {"train_translator", "translate_questions", "build_embeddings", "train_vectors"}
TEXT = {"extract_questions", "tokenize_questions", "split_pairs", "build_vocab", "number_tokens"}


@cache
def scripts() -> dict[str, set[str]]:
    """Return the modules behind each script."""
    return {path.stem: set(digest(path)) for path in sorted(SCRIPTS.glob("*.py"))}


def stale_after(edited: str) -> set[str]:
    """Return the scripts behind which one of the modules with this beginning is."""
    start = f"wordbridge/{edited}"
    return {s for s, modules in scripts().items() if any(m.startswith(start) for m in modules)}


@pytest.mark.parametrize(
    ("edited", "among", "spared"),
    [
        ("translation/beam.py", {"translate_questions"}, {"train_translator"} | TEXT),
        ("translation/scores.py", {"score_translations"}, DEAR | TEXT),
        ("translation/training.py", {"train_translator"}, {"build_embeddings"} | TEXT),
        ("translation/", {"train_translator"}, {"build_embeddings", "train_vectors"} | TEXT),
        ("vectors/fallbacks.py", {"build_embeddings"}, {"train_translator"} | TEXT),
        ("corpus/splits.py", {"split_pairs"}, DEAR | {"tokenize_questions"}),
        ("corpus/tokens.py", {"tokenize_questions"}, DEAR | {"extract_questions"}),
        ("report/sheet.py", {"build_page"}, DEAR | TEXT),
        ("report/", {"tabulate_scores"}, {"train_translator", "build_embeddings"}),
        ("sources/", {"fetch_resource"}, DEAR | TEXT),
    ],
)
def test_an_edit_reruns_what_uses_it_and_spares_the_rest(
    edited: str, among: set[str], spared: set[str]
):
    stale = stale_after(edited)
    assert among <= stale
    assert stale & spared == set()


def test_packages_themselves_hold_a_docstring_only():
    # An empty module's hash; anything in these files would make every script stale.
    hashes = {h for s in scripts() for n, h in digest(SCRIPTS / f"{s}.py").items() if "__init" in n}
    assert len(hashes) == 1
