"""Token lists as ids that end with an end of sequence and have a bounded length."""

from collections.abc import Iterable, Sequence

import numpy as np

from wordbridge.corpus.ids import NumberedTexts, pack
from wordbridge.corpus.specials import EOS
from wordbridge.corpus.vocabulary import Vocabulary
from wordbridge.errors import InputError


def number_texts(
    token_lists: Iterable[Sequence[str]],
    parts: Sequence[str],
    vocabulary: Vocabulary,
    percentile: float,
    limit_from: str = "train",
    keep_eos: bool = True,
    versions: Sequence[str] = (),
) -> NumberedTexts:
    """Return every text as ids with an end of sequence, none longer than the limit.

    The limit is the ``percentile`` of the lengths of the texts in the train part, or of all
    texts when ``limit_from`` is "all". ``versions`` are those of the texts, as ``pack`` has them.
    Raises InputError for an unknown ``limit_from``.
    """
    if limit_from not in ("train", "all"):
        raise InputError(f"limit_from {limit_from!r}: expected 'train' or 'all'")
    id_lists = [[*vocabulary.ids(tokens), EOS] for tokens in token_lists]
    measured = [
        len(ids)
        for ids, part in zip(id_lists, parts, strict=True)
        if limit_from == "all" or part == "train"
    ]
    limit = length_limit(measured, percentile)
    return pack((truncated(ids, limit, keep_eos) for ids in id_lists), parts, versions)


def length_limit(lengths: Sequence[int], percentile: float) -> int:
    """Return the ``percentile`` (0 to 100) of ``lengths``, rounded down, as in the lesson.

    ``lengths`` count the end of sequence. Raises InputError when there are none.
    """
    if not len(lengths):
        raise InputError("no text to take a length limit from: the train part is empty")
    if not 0 <= percentile <= 100:
        raise InputError(f"length percentile {percentile}: expected a number from 0 to 100")
    return int(np.percentile(lengths, percentile))


def truncated(ids: Sequence[int], limit: int, keep_eos: bool = True) -> list[int]:
    """Return the first ``limit`` of ``ids``.

    With ``keep_eos`` the last id of a text that was cut is the end of sequence again, so that
    a model never learns that a sentence may just stop; the lesson cuts it away.
    """
    if len(ids) <= limit:
        return list(ids)
    return [*ids[: limit - 1], EOS] if keep_eos else list(ids[:limit])
