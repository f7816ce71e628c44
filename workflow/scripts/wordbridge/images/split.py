"""The nouns with images: which are seen in training and which are held out.

Which nouns are held out for zero-shot tests, and which images of the others are.

Zero-shot nouns are no classes of the backbone, and neither a homonym (a word in common, so
perhaps one vector), an ancestor nor a descendant of a noun that is seen in training.
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from wordbridge.errors import InputError
from wordbridge.files import write_tsv
from wordbridge.images.table import NO_SPLIT, PHOTO, TEST, TRAIN, UNSEEN, VALID, ImageRow
from wordbridge.nouns.hierarchy import Relatives
from wordbridge.nouns.table import Noun

SEEN = "seen"


class NounRole(NamedTuple):
    """A noun with images: seen or unseen; ``related`` is a seen noun near an unseen one."""

    synset: str
    role: str
    related: str
    images: int
    photos: int


def noun_roles(
    split: Iterable[ImageRow],
    unseen: Collection[str],
    classes: Collection[str],
    relatives: Relatives,
) -> list[NounRole]:
    """Return the role of each noun that has images in the ``split``, sorted."""
    counts: defaultdict[str, int] = defaultdict(int)
    photos: defaultdict[str, int] = defaultdict(int)
    for image in split:
        if image.synset:
            counts[image.synset] += 1
            photos[image.synset] += image.kind == PHOTO
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
    """Write the table of the nouns with images."""
    write_tsv(path, NounRole._fields, (map(str, role) for role in roles))


@dataclass(frozen=True)
class Settings:
    """Shares: ``unseen`` of the nouns that may be held out, the others of a seen noun's images.

    Images of the ``valid`` split choose epochs and penalties, those of the ``test`` split are
    scored. All images of nouns outside the backbone's classes are unseen in
    ``zero_shot_sets``, and so are these nouns' images in other sets. In ``test_sets`` the
    images that lie in a folder valid are the test split, as ImageNet's are for the papers, and
    some of the train folder are drawn for valid.
    """

    seed: int
    unseen: float
    valid: float
    test: float = 0.0
    zero_shot_sets: Collection[str] = ()
    test_sets: Collection[str] = ()

    @classmethod
    def parse(cls, settings: Mapping[str, Any]) -> "Settings":
        """Return the settings of the config; raises InputError for a share outside 0 to 1."""
        parsed = cls(**settings)
        shares = {"unseen": parsed.unseen, "valid": parsed.valid, "test": parsed.test}
        shares["valid and test together"] = parsed.valid + parsed.test
        for name, share in shares.items():
            if not 0 <= share < 1:
                raise InputError(f"images split: expected {name} from 0 to below 1, got {share}")
        return parsed


def split_images(
    images: Sequence[ImageRow], nouns: Sequence[Noun], settings: Settings
) -> tuple[list[ImageRow], list[NounRole]]:
    """Return the images with their final splits, and the role of each noun that has some.

    The draw of nouns depends on them and the seed; that of held-out images on their bytes
    where these are in an archive, else on their ids. Equal files of a noun stay together.
    """
    classes = {noun.synset for noun in nouns if noun.class_index is not None}
    imaged = sorted({image.synset for image in images if image.synset})
    zero_shot = {p.synset for p in images if p.synset and p.set in settings.zero_shot_sets}
    relatives = Relatives(nouns)
    unseen = draw_unseen(imaged, classes, zero_shot - classes, relatives, settings)
    given = [image._replace(split=_initial_split(image, settings)) for image in images]
    held_out = _held_out(given, unseen, settings)
    split = [
        image._replace(split=_final_split(image, unseen, held_out.get(row, TRAIN)))
        for row, image in enumerate(given)
    ]
    return split, noun_roles(split, unseen, classes, relatives)


def draw_unseen(
    imaged: Sequence[str],
    classes: Collection[str],
    forced: Collection[str],
    relatives: Relatives,
    settings: Settings,
) -> set[str]:
    """Return the nouns that are held out: the forced ones, and a share of the others that may be.

    Related nouns are held out together or not at all; those related to a class are seen.
    """
    families = relatives.families({*imaged, *classes})
    free = [family for family in families if not any(noun in classes for noun in family)]
    pulled = [family for family in free if any(noun in forced for noun in family)]
    others = [family for family in free if not any(noun in forced for noun in family)]
    others.sort(key=lambda family: _draw(settings.seed, min(family)))
    room = settings.unseen * sum(map(len, others))
    unseen = {*forced, *(noun for family in pulled for noun in family)}
    for family in others:
        if len(family) <= room:
            room -= len(family)
            unseen.update(family)
    return unseen - set(classes)


def _held_out(
    images: Sequence[ImageRow], unseen: Collection[str], settings: Settings
) -> dict[int, str]:
    """Return the splits of the rows of images that are held out by the draw, noun by noun.

    At least one image of a noun stays to train on. Where a set has a test part of its own,
    all that are held out are valid.
    """
    rows: defaultdict[tuple[str, bool], defaultdict[str, list[int]]]
    rows = defaultdict(lambda: defaultdict(list))
    for row, image in enumerate(images):
        if image.synset and image.synset not in unseen and image.split == NO_SPLIT:
            content = image.stamp if image.archive else f"{image.set}/{image.image}"
            rows[image.synset, image.set in settings.test_sets][content].append(row)
    held_out: dict[int, str] = {}
    held = settings.valid + settings.test
    for (_, has_test), draws in rows.items():
        count = min(math.floor(held * len(draws) + 0.5), len(draws) - 1)
        for content in sorted(draws, key=lambda content: _draw(settings.seed, content))[:count]:
            # Drawn once more, as most nouns have too few images for a share of each split.
            draw = _draw(settings.seed, f"{TEST} {content}") / 2**64
            split = TEST if not has_test and draw < settings.test / held else VALID
            held_out |= dict.fromkeys(draws[content], split)
    return held_out


def _initial_split(image: ImageRow, settings: Settings) -> str:
    """Return the split that an image has before any draw, or ""."""
    if image.set not in settings.test_sets:
        return image.split
    return {VALID: TEST, TRAIN: NO_SPLIT}.get(image.split, image.split)


def _final_split(image: ImageRow, unseen: Collection[str], drawn: str) -> str:
    if not image.synset:
        return NO_SPLIT
    if image.synset in unseen:
        return UNSEEN
    return image.split or drawn


def _draw(seed: int, content: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed} {content}".encode()).digest()[:8])
