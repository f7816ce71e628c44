"""Word vectors trained on the corpus itself, for languages without published ones."""

import errno
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import fasttext

from wordbridge.errors import InputError
from wordbridge.files import atomic_write

# The settings, and the library's names of those that have others. ``bucket`` rows serve all
# subwords: the library's own two million make a file of 2.4 GB whatever the corpus.
_SETTINGS = [
    "dim",
    "epochs",
    "learning_rate",
    "window",
    "neg",
    "min_count",
    "minn",
    "maxn",
    "bucket",
    "t",
]
_LIBRARY = {"epochs": "epoch", "learning_rate": "lr", "window": "ws", "min_count": "minCount"}
_END_OF_LINE = "</s>"  # fastText counts it as a word


def train_vectors(
    texts: Iterable[Sequence[str]], path: str | Path, settings: Mapping[str, Any]
) -> None:
    """Write a fastText ``.bin`` model, skip-gram trained on token lists.

    Bojanowski et al. 2017. ``settings`` are those of vectors of kind trained. Equal texts and
    settings give equal bytes: training has one thread, and the library's seed is 0 (its Python
    side offers no other for this task). Raises InputError when no token is frequent enough.
    """
    options = {_LIBRARY.get(key, key): settings[key] for key in _SETTINGS}
    with tempfile.TemporaryDirectory() as folder, atomic_write(path) as partial:
        corpus = Path(folder, "corpus.txt")
        with corpus.open("w", encoding="utf-8", newline="\n") as lines:
            lines.writelines(" ".join(tokens) + "\n" for tokens in texts)
        try:
            model = fasttext.train_unsupervised(
                str(corpus), model="skipgram", thread=1, verbose=0, **options
            )
        except (ValueError, RuntimeError) as error:
            raise _too_rare(settings, str(error)) from error
        if set(model.get_words()) <= {_END_OF_LINE}:
            raise _too_rare(settings, "every word is rarer")
        model.save_model(str(partial))
        _check_end(partial, model.get_output_matrix().tobytes())


def _too_rare(settings: Mapping[str, Any], reason: str) -> InputError:
    return InputError(
        f"no word vectors can be learned ({reason}): expected texts with words that occur at "
        f"least {settings['min_count']} times; add text or lower min_count"
    )


def _check_end(path: Path, end: bytes) -> None:
    """Raise OSError when a model does not end with the bytes of its output matrix.

    The library does not report that a disk is full.
    """
    with path.open("rb") as model:
        model.seek(max(path.stat().st_size - len(end), 0))
        if model.read() != end:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
