"""The split of images into train, valid, test and unseen.

Some nouns are unseen: all their images are held out for zero-shot tests. An unseen noun is not a
class of the backbone, and no homonym (a lemma in common, so perhaps the same vector), ancestor or
descendant of a noun with training images, except that a noun of a zero-shot set may be related to
one, which the table then names. Of each other noun, some images are held out.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from wordbridge.files import write_tsv
from wordbridge.images.table import NO_SPLIT, PHOTO, TEST, TRAIN, UNSEEN, VALID, ImageRow
from wordbridge.nouns.hierarchy import Relatives
from wordbridge.nouns.table import Noun

SEEN = "seen"


class NounRole(NamedTuple):
    """A noun with images, seen or unseen; ``related`` is a seen relative of an unseen noun."""

    synset: str
    role: str
    related: str
    images: int
    photos: int


def split_images(
    images: Sequence[ImageRow], nouns: Sequence[Noun], settings: Mapping[str, Any]
) -> tuple[list[ImageRow], list[NounRole]]:
    """Return the images with their final splits, and the role of each noun with images.

    ``settings``: ``unseen`` is a fraction of the nouns outside the backbone's classes; ``valid``
    (images that select epochs and penalties) and ``test`` are fractions of a seen noun's images. In
    ``zero_shot_sets`` all nouns outside the classes are unseen, also in other sets. In
    ``test_sets`` the images of a folder valid are the test split, as in papers about ImageNet, and
    the valid split is drawn from the train folder.

    The draw of nouns depends on the nouns and the seed; the draw of images depends on their bytes
    in an archive, else on the id of the first of equal files. Equal files of a noun stay together.
    """
    classes = {noun.synset for noun in nouns if noun.class_index is not None}
    relatives = Relatives(nouns)
    unseen = _draw_unseen(images, classes, relatives, settings)
    initial = []
    for image in images:
        split = image.split
        if image.set in settings["test_sets"]:
            split = {VALID: TEST, TRAIN: NO_SPLIT}.get(split, split)
        initial.append(image._replace(split=split))
    held_out = _draw_held_out(initial, unseen, settings)
    final = []
    for row, image in enumerate(initial):
        split = image.split or held_out.get(row, TRAIN)
        if not image.synset:
            split = NO_SPLIT
        elif image.synset in unseen:
            split = UNSEEN
        final.append(image._replace(split=split))
    return final, _noun_roles(final, unseen, classes, relatives)


def write_roles(path: str | Path, roles: Iterable[NounRole]) -> None:
    """Write the table of the nouns with images."""
    write_tsv(path, NounRole._fields, (map(str, role) for role in roles))


def _draw_unseen(
    images: Iterable[ImageRow], classes: set[str], relatives: Relatives, settings: Mapping[str, Any]
) -> set[str]:
    """Return the unseen nouns: those of the zero-shot sets and a fraction of the others.

    Related nouns have the same role, and relatives of a class are seen; but a noun of a zero-shot
    set that is not a class itself is always unseen.
    """
    labelled = [image for image in images if image.synset]
    forced = {i.synset for i in labelled if i.set in settings["zero_shot_sets"]} - classes
    unseen, optional = set(forced), []
    for family in relatives.families({image.synset for image in labelled} | classes):
        if not classes.isdisjoint(family):
            continue
        if forced.isdisjoint(family):
            optional.append(family)
        else:
            unseen.update(family)
    quota = settings["unseen"] * sum(map(len, optional))
    for family in sorted(optional, key=lambda family: _draw(settings["seed"], min(family))):
        if len(family) <= quota:
            quota -= len(family)
            unseen.update(family)
    return unseen


def _noun_roles(
    images: Sequence[ImageRow], unseen: set[str], classes: set[str], relatives: Relatives
) -> list[NounRole]:
    """Return the role of each noun with images, sorted."""
    counts = Counter(image.synset for image in images if image.synset)
    photos = Counter(image.synset for image in images if image.kind == PHOTO)
    seen = {*classes, *counts} - unseen
    roles = []
    for synset in sorted(counts):
        is_unseen = synset in unseen
        related = min(relatives.of(synset) & seen, default="") if is_unseen else ""
        role = UNSEEN if is_unseen else SEEN
        roles.append(NounRole(synset, role, related, counts[synset], photos[synset]))
    return roles


def _draw_held_out(
    images: Sequence[ImageRow], unseen: set[str], settings: Mapping[str, Any]
) -> dict[int, str]:
    """Return the splits of the held-out images by row, drawn noun by noun.

    At least one image of a noun remains for training. In sets with a test split of their own,
    all held-out images are valid.
    """
    # The rows of each content, by noun and whether its set has a test split.
    groups: dict[tuple[str, bool], dict[str, list[int]]] = {}
    first: dict[tuple[str, str], str] = {}  # of equal files
    for row, image in enumerate(images):
        if image.synset and image.synset not in unseen and image.split == NO_SPLIT:
            name = image.stamp if image.archive else f"{image.set}/{image.image}"
            content = first.setdefault((image.synset, image.stamp), name)
            group = groups.setdefault((image.synset, image.set in settings["test_sets"]), {})
            group.setdefault(content, []).append(row)
    splits: dict[int, str] = {}
    seed, fraction = settings["seed"], settings["valid"] + settings["test"]
    for (_, has_test), group in groups.items():
        count = min(math.floor(fraction * len(group) + 0.5), len(group) - 1)
        for content in sorted(group, key=lambda content: _draw(seed, content))[:count]:
            # A second draw, as most nouns have too few images for a fraction of each split.
            draw = _draw(seed, f"{TEST} {content}") / 2**64
            split = TEST if not has_test and draw < settings["test"] / fraction else VALID
            splits |= dict.fromkeys(group[content], split)
    return splits


def _draw(seed: int, content: str) -> int:
    """Return a number below 2**64 that depends on ``seed`` and ``content`` alone."""
    return int.from_bytes(hashlib.sha256(f"{seed} {content}".encode()).digest()[:8])
