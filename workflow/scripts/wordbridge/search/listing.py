"""Which words a table for searching holds: those that are needed, and the source's own."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from wordbridge.errors import InputError
from wordbridge.vectors.protocol import ListedVectors, WordVectors


def words_to_search(
    needed: Sequence[str],
    vectors: WordVectors,
    files: Mapping[str, str | Path],
    most_frequent: int,
) -> list[str]:
    """Return the first ``most_frequent`` words of ``vectors``, then ``needed`` ones, each once.

    spaCy's tables have no order of frequency: all their words without a capital are taken, out
    of the file ``strings``. What is not one word is left out.
    """
    listed: Iterator[str] = iter(())
    if isinstance(vectors, ListedVectors):
        listed = islice(vectors.words(), most_frequent)
    elif "strings" in files.keys():  # noqa: SIM118  # Snakemake's named files hold values
        listed = (word for word in _strings(Path(files["strings"])) if word == word.lower())
    return list(dict.fromkeys([*(word for word in listed if word.split() == [word]), *needed]))


def _strings(path: Path) -> list[str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: expected spaCy's vocab/strings.json, a list of words ({error})"
        ) from error
    return sorted(str(word) for word in found)
