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

# The library's names of the settings. ``bucket`` rows serve all subwords: the library's own two
# million make a file of 2.4 GB whatever the corpus.
_NAMES = {
    **{"dim": "dim", "epochs": "epoch", "learning_rate": "lr", "window": "ws", "neg": "neg"},
    **{"min_count": "minCount", "minn": "minn", "maxn": "maxn", "bucket": "bucket", "t": "t"},
}
_END_OF_LINE = "</s>"  # fastText counts it as a word


def train_vectors(
    texts: Iterable[Sequence[str]], path: str | Path, settings: Mapping[str, Any]
) -> None:
    """Write a fastText ``.bin`` model, skip-gram trained on token lists.

    Bojanowski et al. 2017. ``settings`` are those of vectors of kind trained. Equal texts and
    settings give equal bytes: training has one thread and the library's fixed seed 0. Raises
    InputError when no token is frequent enough.
    """
    options = {name: settings[key] for key, name in _NAMES.items()}
    with tempfile.TemporaryDirectory() as folder, atomic_write(path) as partial:
        corpus = Path(folder, "corpus.txt")
        with corpus.open("w", encoding="utf-8", newline="\n") as lines:
            lines.writelines(" ".join(tokens) + "\n" for tokens in texts)
        try:
            model = fasttext.train_unsupervised(
                str(corpus), model="skipgram", thread=1, verbose=0, **options
            )
            if set(model.get_words()) <= {_END_OF_LINE}:
                raise ValueError("every word is rarer")
        except (ValueError, RuntimeError) as error:
            raise InputError(
                f"no word vectors can be learned ({error}): expected texts with words that occur "
                f"at least {settings['min_count']} times; add text or lower min_count"
            ) from error
        model.save_model(str(partial))
        end = model.get_output_matrix().tobytes()
        with partial.open("rb") as file:
            file.seek(max(partial.stat().st_size - len(end), 0))
            if file.read() != end:  # the library does not report that a disk is full
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
