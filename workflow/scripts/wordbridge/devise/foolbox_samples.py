"""The twenty ImageNet photographs that the foolbox package brings as samples."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from wordbridge.devise.noun_table import Noun, lemma_text
from wordbridge.devise.packages import members
from wordbridge.devise.picture_labels import Labelled
from wordbridge.devise.picture_table import PHOTO
from wordbridge.errors import InputError

_SAMPLE = re.compile(r"foolbox/data/(imagenet_\d+_(\d+)\.(?:png|jpe?g))")


def list_samples(package: str | Path, nouns: Sequence[Noun]) -> Iterator[Labelled]:
    """Yield the photographs of foolbox's wheel by path; a name ends with the number of the class.

    Raises InputError if the package holds none, or the nouns have no such class.
    """
    classes = {noun.class_index: noun for noun in nouns if noun.class_index is not None}
    found = dict(members(package, lambda path: _SAMPLE.fullmatch(path) is not None))
    if not found:
        raise InputError(f"{package}: expected foolbox/data/imagenet_*, got none; name the wheel")
    for path in sorted(found):
        match = _SAMPLE.fullmatch(path)
        assert match is not None  # only such members were asked for
        noun = classes.get(int(match[2]))
        if noun is None:
            raise InputError(
                f"{package}: {path} is of class {match[2]}, which no noun has; "
                "list the nouns with ImageNet's classes"
            )
        name = lemma_text(noun.lemmas[0])
        yield Labelled(match[1], found[path], noun.synset, PHOTO, name, "", 1)
