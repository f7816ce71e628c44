"""The split of images into train, valid, test and unseen.

Whole nouns are held out for zero-shot tests, as unseen. They are not classes of the backbone, nor
homonyms (a lemma in common, so perhaps the same vector), ancestors or descendants of a noun with
training images. Of the other nouns, images are held out.
"""

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

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


@dataclass(frozen=True)
class SplitSettings:
    """Fractions: ``unseen`` of the nouns outside the classes, the others of a seen noun's images.

    ``valid`` images select epochs and penalties, ``test`` images are scored. In
    ``zero_shot_sets`` all nouns outside the backbone's classes are unseen, as are these nouns in
    other sets. In ``test_sets`` the images of a folder valid are the test split, as in papers
    about ImageNet, and the valid split is drawn from the train folder.
    """

    seed: int
    unseen: float
    valid: float
    test: float
    zero_shot_sets: Collection[str]
    test_sets: Collection[str]


def split_images(
    images: Sequence[ImageRow], nouns: Sequence[Noun], settings: SplitSettings
) -> tuple[list[ImageRow], list[NounRole]]:
    """Return the images with their final splits, and the role of each noun with images.

    The draw of nouns depends on them and the seed; the draw of images depends on their bytes in
    an archive, else on their ids. Equal files of a noun stay together.
    """
    classes = {noun.synset for noun in nouns if noun.class_index is not None}
    labels = sorted({image.synset for image in images if image.synset})
    zero_shot = {i.synset for i in images if i.synset and i.set in settings.zero_shot_sets}
    relatives = Relatives(nouns)
    unseen = draw_unseen(labels, classes, zero_shot - classes, relatives, settings)
    initial = [image._replace(split=_initial_split(image, settings)) for image in images]
    held_out = _draw_held_out(initial, unseen, settings)
    final = [
        image._replace(split=_final_split(image, unseen, held_out.get(row, TRAIN)))
        for row, image in enumerate(initial)
    ]
    return final, noun_roles(final, unseen, classes, relatives)


def draw_unseen(
    labels: Collection[str],
    classes: Collection[str],
    forced: Collection[str],
    relatives: Relatives,
    settings: SplitSettings,
) -> set[str]:
    """Return the unseen nouns: the forced ones and a fraction of the other candidates.

    Related nouns have the same role; relatives of a class are seen.
    """
    families = relatives.families({*labels, *classes})
    candidates = [family for family in families if not any(noun in classes for noun in family)]
    unseen = set(forced)
    optional = []
    for family in candidates:
        if any(noun in forced for noun in family):
            unseen.update(family)
        else:
            optional.append(family)
    quota = settings.unseen * sum(map(len, optional))
    for family in sorted(optional, key=lambda family: _draw(settings.seed, min(family))):
        if len(family) <= quota:
            quota -= len(family)
            unseen.update(family)
    return unseen - set(classes)


def noun_roles(
    images: Iterable[ImageRow],
    unseen: Collection[str],
    classes: Collection[str],
    relatives: Relatives,
) -> list[NounRole]:
    """Return the role of each noun with images, sorted."""
    labelled = [image for image in images if image.synset]
    counts = Counter(image.synset for image in labelled)
    photos = Counter(image.synset for image in labelled if image.kind == PHOTO)
    seen = {*classes, *counts} - set(unseen)
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
    """Write the table of the nouns with images."""
    write_tsv(path, NounRole._fields, (map(str, role) for role in roles))


def _draw_held_out(
    images: Sequence[ImageRow], unseen: Collection[str], settings: SplitSettings
) -> dict[int, str]:
    """Return the splits of the held-out images by row, drawn noun by noun.

    At least one image of a noun remains for training. In sets with a test split of their own,
    all held-out images are valid.
    """
    groups: defaultdict[tuple[str, bool], defaultdict[str, list[int]]]
    groups = defaultdict(lambda: defaultdict(list))
    for row, image in enumerate(images):
        if image.synset and image.synset not in unseen and image.split == NO_SPLIT:
            content = image.stamp if image.archive else f"{image.set}/{image.image}"
            groups[image.synset, image.set in settings.test_sets][content].append(row)
    splits: dict[int, str] = {}
    fraction = settings.valid + settings.test
    for (_, has_test), rows_of in groups.items():
        count = min(math.floor(fraction * len(rows_of) + 0.5), len(rows_of) - 1)
        for content in sorted(rows_of, key=lambda content: _draw(settings.seed, content))[:count]:
            # A second draw, as most nouns have too few images for a fraction of each split.
            draw = _draw(settings.seed, f"{TEST} {content}") / 2**64
            split = TEST if not has_test and draw < settings.test / fraction else VALID
            splits |= dict.fromkeys(rows_of[content], split)
    return splits


def _initial_split(image: ImageRow, settings: SplitSettings) -> str:
    """Return the split of an image before any draw, or ""."""
    if image.set not in settings.test_sets:
        return image.split
    return {VALID: TEST, TRAIN: NO_SPLIT}.get(image.split, image.split)


def _final_split(image: ImageRow, unseen: Collection[str], drawn: str) -> str:
    if not image.synset:
        return NO_SPLIT
    return UNSEEN if image.synset in unseen else image.split or drawn


def _draw(seed: int, content: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed} {content}".encode()).digest()[:8])
