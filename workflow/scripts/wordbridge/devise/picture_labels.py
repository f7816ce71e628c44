"""What the sets that come in packages have in common: a file, and a label to look up."""

from typing import NamedTuple


class Labelled(NamedTuple):
    """A picture of a package with the noun that it shows.

    ``path`` becomes its id in the set; ``choices`` counts the concrete nouns that its label
    could mean.
    """

    path: str
    data: bytes
    synset: str
    kind: str
    name: str
    fr_name: str
    choices: int


class LeftOut(NamedTuple):
    """A file that is not taken into a set, and why."""

    picture: str
    reason: str
