"""The images of one set that are learned from."""

from collections.abc import Iterable, Iterator

from wordbridge.images.table import TRAIN, ImageRow


def trained_on(images: Iterable[ImageRow], name: str) -> Iterator[ImageRow]:
    """Yield the images of the set ``name`` that are in the train part, in their order."""
    return (one for one in images if one.set == name and one.part == TRAIN)
