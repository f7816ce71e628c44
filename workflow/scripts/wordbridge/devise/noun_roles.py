"""The nouns with pictures: which are seen in training and which are held out."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from wordbridge.devise.noun_relatives import Relatives
from wordbridge.devise.picture_table import PHOTO, UNSEEN, Picture
from wordbridge.table_file import write_table

SEEN = "seen"


class NounRole(NamedTuple):
    """A noun with pictures: seen or unseen; ``related`` is a seen noun near an unseen one."""

    synset: str
    role: str
    related: str
    pictures: int
    photos: int


def noun_roles(
    split: Iterable[Picture],
    unseen: Collection[str],
    classes: Collection[str],
    relatives: Relatives,
) -> list[NounRole]:
    """Return the role of each noun that has pictures in the ``split``, sorted."""
    counts: defaultdict[str, int] = defaultdict(int)
    photos: defaultdict[str, int] = defaultdict(int)
    for picture in split:
        if picture.synset:
            counts[picture.synset] += 1
            photos[picture.synset] += picture.kind == PHOTO
    seen = {*classes, *(synset for synset in counts if synset not in unseen)}
    return [
        NounRole(
            synset,
            UNSEEN if synset in unseen else SEEN,
            min(relatives.of(synset) & seen, default="") if synset in unseen else "",
            counts[synset],
            photos[synset],
        )
        for synset in sorted(counts)
    ]


def write_roles(path: str | Path, roles: Iterable[NounRole]) -> None:
    """Write the table of the nouns with pictures."""
    write_table(path, NounRole._fields, (map(str, role) for role in roles))
