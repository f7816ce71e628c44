"""The pictures of one set that are learned from."""

from collections.abc import Iterable, Iterator

from wordbridge.images.table import TRAIN, Picture


def trained_on(pictures: Iterable[Picture], name: str) -> Iterator[Picture]:
    """Yield the pictures of the set ``name`` that are in the train part, in their order."""
    return (one for one in pictures if one.set == name and one.part == TRAIN)
