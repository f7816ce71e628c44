"""Word vectors of any kind, opened by the name of the kind."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from wordbridge.errors import InputError
from wordbridge.vectors.no_vectors import NoVectors
from wordbridge.vectors.protocol import WordVectors

# The files of each kind; those in brackets may be left out.
KINDS: Mapping[str, tuple[str, ...]] = {
    "fasttext": ("bin",),
    "text": ("vec",),
    "spacy": ("vectors", "key2row", "[strings]"),
    "npy": ("matrix", "words"),
}


def open_vectors(
    kind: str, paths: Mapping[str, str | Path], *, unit_length: bool = False
) -> WordVectors:
    """Return the vectors of one kind out of its files, which ``paths`` names as ``KINDS`` does.

    ``unit_length`` is for kind fasttext (see FastTextBin). Raises InputError for an unknown
    kind, for files that it lacks or has no use for, and for files of another format.
    """
    _check(kind, paths, unit_length)
    # A library is imported for the kind that needs it: spaCy alone takes seconds.
    if kind == "fasttext":
        from wordbridge.vectors.fasttext_bin import FastTextBin

        return FastTextBin(paths["bin"], unit_length=unit_length)
    if kind == "text":
        from wordbridge.vectors.text_vectors import TextVectors

        return TextVectors(paths["vec"])
    if kind == "spacy":
        from wordbridge.vectors.spacy_vectors import SpacyVectors

        return SpacyVectors(paths["vectors"], paths["key2row"], paths.get("strings"))
    from wordbridge.vectors.npy_vectors import NpyVectors

    return NpyVectors(paths["matrix"], paths["words"])


def _check(kind: str, paths: Mapping[str, str | Path], unit_length: bool) -> None:
    if kind not in KINDS:
        near = get_close_matches(kind, KINDS, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else "choose one of them"
        raise InputError(f"vectors of kind {kind!r}: expected one of {', '.join(KINDS)}; {hint}")
    known = {name.strip("[]") for name in KINDS[kind]}
    needed = {name for name in KINDS[kind] if not name.startswith("[")}
    if not needed <= paths.keys() <= known:
        raise InputError(
            f"vectors of kind {kind}: expected the files {', '.join(KINDS[kind])}, "
            f"got {', '.join(sorted(paths)) or 'none'}; name them in the configuration"
        )
    if unit_length and kind != "fasttext":
        raise InputError(
            f"vectors of kind {kind}: unit_length is for kind fasttext only; leave it out"
        )


def configured_vectors(block: Mapping[str, Any], files: Mapping[str, str | Path]) -> WordVectors:
    """Return the vectors that a ``block`` of the configuration describes, read from ``files``.

    The block holds the kind, and where they apply ``dim`` (kind random) and ``unit_length``
    (fastText's kinds). ``files`` may name others than those of the vectors. Kind trained is
    fastText's.
    """
    if block["kind"] == "random":
        return NoVectors(block["dim"])
    kind = "fasttext" if block["kind"] == "trained" else str(block["kind"])
    known = {name.strip("[]") for name in KINDS.get(kind, ())}
    own = {name: path for name, path in files.items() if name in known}
    return open_vectors(kind, own, unit_length=block.get("unit_length", False))
