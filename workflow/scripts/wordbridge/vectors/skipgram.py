"""Word vectors learned from a corpus's own text, for languages without ready ones."""

import errno
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fasttext

from wordbridge.errors import InputError
from wordbridge.files import atomic_write

_END_OF_LINE = "</s>"  # fastText counts it as a word


@dataclass(frozen=True)
class SkipgramSettings:
    """What fastText learns: vectors of ``dim`` numbers of the words seen ``min_count`` times.

    ``window`` is in words to each side, ``neg`` in words per pair; subwords have
    ``minn`` to ``maxn`` characters (``maxn`` 0: no subwords) and share ``bucket``
    rows: the library's own two million make a file of 2.4 GB whatever the corpus. Words that
    are more than the share ``t`` of the text are thinned out.
    """

    dim: int = 300
    epochs: int = 10
    learning_rate: float = 0.05
    window: int = 5
    neg: int = 5
    min_count: int = 2
    minn: int = 3
    maxn: int = 6
    bucket: int = 50_000
    t: float = 1e-4

    def options(self) -> dict[str, int | float]:
        """Return the settings under the library's names."""
        return {
            "dim": self.dim,
            "epoch": self.epochs,
            "lr": self.learning_rate,
            "ws": self.window,
            "neg": self.neg,
            "minCount": self.min_count,
            "minn": self.minn,
            "maxn": self.maxn,
            "bucket": self.bucket,
            "t": self.t,
        }


def train_vectors(
    texts: Iterable[Sequence[str]], path: str | Path, settings: SkipgramSettings
) -> None:
    """Write a fastText ``.bin`` model, skip-gram trained on token lists.

    Bojanowski et al. 2017. Equal texts and settings give equal bytes: training has one
    thread, and the library's seed is 0 (its Python side offers no other for this task).
    Raises InputError when no token is frequent enough.
    """
    with tempfile.TemporaryDirectory() as folder, atomic_write(path) as partial:
        corpus = Path(folder, "corpus.txt")
        with corpus.open("w", encoding="utf-8", newline="\n") as lines:
            lines.writelines(" ".join(tokens) + "\n" for tokens in texts)
        try:
            model = fasttext.train_unsupervised(
                str(corpus), model="skipgram", thread=1, verbose=0, **settings.options()
            )
        except (ValueError, RuntimeError) as error:
            raise _no_words(settings, str(error)) from error
        if set(model.get_words()) <= {_END_OF_LINE}:
            raise _no_words(settings, "no word is so frequent")
        model.save_model(str(partial))
        _check_whole(partial, model.get_output_matrix().tobytes())


def _check_whole(path: Path, last: bytes) -> None:
    """Raise OSError when a model does not end with its ``last`` bytes, those of its output matrix.

    The library itself says nothing when it could not write all.
    """
    with path.open("rb") as model:
        model.seek(max(path.stat().st_size - len(last), 0))
        if model.read() != last:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _no_words(settings: SkipgramSettings, reason: str) -> InputError:
    return InputError(
        f"no word vectors can be learned ({reason}): expected texts with words that come at least "
        f"{settings.min_count} times; give more text or lower min_count"
    )


def skipgram_settings(block: Mapping[str, Any]) -> SkipgramSettings:
    """Return the settings in a ``block`` of the configuration."""
    return SkipgramSettings(**{key: value for key, value in block.items() if key != "kind"})
