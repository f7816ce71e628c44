from pathlib import Path
from typing import Any

import pytest

from tests.images.image_toys import ANIMAL, ARTIFACT, PHYSICAL, noun
from wordbridge.images.split import NounRole, split_images, write_roles
from wordbridge.images.table import ImageRow
from wordbridge.nouns.hierarchy import Relatives

CLASS, CHILD, FREE, KIN, HOMONYM = (f"n0000030{number}" for number in range(5))
LONE = [f"n000004{number:02}" for number in range(20)]
WORLD = [
    noun("n00001740", "entity"),
    noun(PHYSICAL, "physical_entity", "n00001740"),
    noun(ANIMAL, "animal", PHYSICAL),
    noun(ARTIFACT, "artifact", PHYSICAL),
    noun(CLASS, "bird", ANIMAL, number=0),
    noun(CHILD, "wren", CLASS),
    noun(FREE, "boat", ARTIFACT),
    noun(KIN, "sailboat", FREE),
    noun(HOMONYM, "craft boat", ARTIFACT),
    *(noun(synset, f"thing{number}", ARTIFACT) for number, synset in enumerate(LONE)),
]


def settings(
    seed: int, unseen: float, valid: float, test: float = 0.0, **sets: list[str]
) -> dict[str, Any]:
    shares = {"seed": seed, "unseen": unseen, "valid": valid, "test": test}
    return {**shares, "zero_shot_sets": [], "test_sets": [], **sets}


def images(*synsets: str, each: int = 5, of: str = "s", split: str = "") -> list[ImageRow]:
    return [
        ImageRow(
            of, f"{synset}/{n}.png", synset, "photo", split, "", "", "z", "m", f"{synset}{n}{of}"
        )
        for synset in synsets
        for n in range(each)
    ]


def unseen(split: list[ImageRow]) -> set[str]:
    return {image.synset for image in split if image.split == "unseen"}


def test_relatives_are_homonyms_ancestors_and_descendants():
    relatives = Relatives(WORLD)
    assert relatives.of(FREE) == {KIN, HOMONYM, ARTIFACT, PHYSICAL, "n00001740"}
    assert relatives.of(CHILD) == {CLASS, ANIMAL, PHYSICAL, "n00001740"}
    families = relatives.families([CHILD, FREE, KIN, HOMONYM, LONE[0], CLASS])
    assert families == [[CLASS, CHILD], [FREE, KIN, HOMONYM], [LONE[0]]]


@pytest.mark.parametrize("seed", range(5))
def test_unseen_nouns_have_no_seen_relative(seed: int):
    table = images(CHILD, FREE, KIN, HOMONYM, *LONE)
    split, roles = split_images(table, WORLD, settings(seed, unseen=0.5, valid=0.2))
    drawn = unseen(split)
    assert 10 <= len(drawn) <= 11
    assert CHILD not in drawn
    assert len({FREE, KIN, HOMONYM} & drawn) in (0, 3)
    assert {role.synset for role in roles if role.role == "unseen"} == drawn
    assert all(role.related == "" for role in roles)


def test_the_split_depends_on_the_seed_and_the_nouns_but_not_on_the_order_of_images():
    table = images(CHILD, *LONE)
    chosen = settings(1, unseen=0.5, valid=0.3)
    there, _ = split_images(table, WORLD, chosen)
    back, _ = split_images(table[::-1], WORLD, chosen)
    assert there == back[::-1]
    other, _ = split_images(table, WORLD, settings(2, unseen=0.5, valid=0.3))
    assert unseen(other) != unseen(there)


def test_a_zero_shot_set_holds_out_all_nouns_outside_the_classes_and_names_their_relatives():
    table = images(CLASS, CHILD, FREE, of="photos", split="train") + images(CHILD, KIN, LONE[0])
    chosen = settings(1, unseen=0.0, valid=0.2, zero_shot_sets=["photos"])
    split, roles = split_images(table, WORLD, chosen)
    assert unseen(split) == {CHILD, FREE, KIN}  # with the relatives of a forced noun
    related = {role.synset: role.related for role in roles}
    assert related == {CLASS: "", CHILD: CLASS, FREE: "", KIN: "", LONE[0]: ""}


def test_each_seen_noun_keeps_training_images_and_gives_its_fraction():
    table = images(LONE[0], each=10) + images(LONE[1], each=1) + images(LONE[2], each=4)
    split, _ = split_images(table, WORLD, settings(1, unseen=0.0, valid=0.2))
    held = [image.synset for image in split if image.split == "valid"]
    assert {synset: held.count(synset) for synset in LONE[:3]} == dict(
        zip(LONE[:3], (2, 0, 1), strict=True)
    )


def test_the_held_out_images_do_not_depend_on_the_fractions_of_valid_and_test():
    table = images(*LONE, each=6)
    halves, valid, test = (
        split_images(table, WORLD, settings(1, 0.0, share, 0.4 - share))[0]
        for share in (0.2, 0.4, 0.0)
    )
    held = {image.image for image in halves if image.split != "train"}
    assert len(held) == 2 * len(LONE)
    assert held == {image.image for image in valid if image.split == "valid"}
    assert held == {image.image for image in test if image.split == "test"}
    splits = [image.split for image in halves]
    assert min(splits.count("valid"), splits.count("test")) >= 12


def test_in_a_set_with_a_test_split_valid_images_come_from_its_train_folder():
    rows = images(CLASS, each=4, of="t", split="train") + images(CLASS, each=3, split="valid")
    rows = [*rows[:4], *(p._replace(set="t", image=f"v{p.image}") for p in rows[4:])]
    rows.append(rows[0]._replace(image="own test", split="test"))
    split, _ = split_images(rows, WORLD, settings(1, 0.0, 0.1, 0.2, test_sets=["t"]))
    splits = [image.split for image in split]
    assert splits[4:] == ["test"] * 4
    assert sorted(splits[:4]) == ["train"] * 3 + ["valid"]


@pytest.mark.parametrize("archive", ["z", ""])
def test_equal_images_stay_together(archive: str):
    pairs = [image._replace(archive=archive) for image in images(LONE[0], each=20)]
    pairs = [image._replace(stamp=f"{number // 2}") for number, image in enumerate(pairs)]
    split, _ = split_images(pairs, WORLD, settings(1, unseen=0.0, valid=0.5))
    splits = [image.split for image in split]
    assert splits[::2] == splits[1::2]
    assert sorted(splits) == ["train"] * 10 + ["valid"] * 10


def test_existing_splits_and_missing_labels_are_respected():
    table = images(CLASS, split="valid") + images(CLASS, of="t", split="train")
    table += images("", of="own")
    split, _ = split_images(table, WORLD, settings(1, unseen=0.5, valid=0.5))
    assert [image.split for image in split] == ["valid"] * 5 + ["train"] * 5 + [""] * 5


def test_roles_are_a_table(tmp_path: Path):
    write_roles(tmp_path / "r.tsv", [NounRole(CLASS, "seen", "", 3, 2)])
    assert (tmp_path / "r.tsv").read_text().splitlines() == [
        "synset\trole\trelated\timages\tphotos",
        f"{CLASS}\tseen\t\t3\t2",
    ]
