from pathlib import Path

import pytest

from tests.devise.image_toys import ANIMAL, ARTIFACT, NOUNS, PHYSICAL, noun
from wordbridge.errors import InputError
from wordbridge.images.shards import shard_of, write_shards
from wordbridge.images.split import NounRole, Settings, split_images, write_roles
from wordbridge.images.table import ImageRow, read_images
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


def test_relatives_are_homonyms_and_all_above_and_below():
    relatives = Relatives(WORLD)
    assert relatives.of(FREE) == {KIN, HOMONYM, ARTIFACT, PHYSICAL, "n00001740"}
    assert relatives.of(CHILD) == {CLASS, ANIMAL, PHYSICAL, "n00001740"}
    families = relatives.families([CHILD, FREE, KIN, HOMONYM, LONE[0], CLASS])
    assert families == [[CLASS, CHILD], [FREE, KIN, HOMONYM], [LONE[0]]]


@pytest.mark.parametrize("seed", range(5))
def test_unseen_nouns_have_no_seen_relative(seed: int):
    table = images(CHILD, FREE, KIN, HOMONYM, *LONE)
    split, roles = split_images(table, WORLD, Settings(seed, unseen=0.5, valid=0.2))
    drawn = unseen(split)
    assert 10 <= len(drawn) <= 11
    assert CHILD not in drawn
    assert len({FREE, KIN, HOMONYM} & drawn) in (0, 3)
    assert {role.synset for role in roles if role.role == "unseen"} == drawn
    assert all(role.related == "" for role in roles)


def test_the_seed_and_the_nouns_decide_not_the_order_of_images():
    table = images(CHILD, *LONE)
    settings = Settings(1, unseen=0.5, valid=0.3)
    there, _ = split_images(table, WORLD, settings)
    back, _ = split_images(table[::-1], WORLD, settings)
    assert there == back[::-1]
    other, _ = split_images(table, WORLD, Settings(2, unseen=0.5, valid=0.3))
    assert unseen(other) != unseen(there)


def test_a_zero_shot_set_gives_all_nouns_outside_the_classes_and_names_their_kin():
    table = images(CLASS, CHILD, FREE, of="photos", split="train") + images(CHILD, KIN, LONE[0])
    settings = Settings(1, unseen=0.0, valid=0.2, zero_shot_sets=["photos"])
    split, roles = split_images(table, WORLD, settings)
    assert unseen(split) == {CHILD, FREE, KIN}  # the kin of a forced one goes with it
    related = {role.synset: role.related for role in roles}
    assert related == {CLASS: "", CHILD: CLASS, FREE: "", KIN: "", LONE[0]: ""}


def test_each_seen_noun_keeps_images_to_train_on_and_gives_its_share():
    table = images(LONE[0], each=10) + images(LONE[1], each=1) + images(LONE[2], each=4)
    split, _ = split_images(table, WORLD, Settings(1, unseen=0.0, valid=0.2))
    held = [image.synset for image in split if image.split == "valid"]
    assert {synset: held.count(synset) for synset in LONE[:3]} == dict(
        zip(LONE[:3], (2, 0, 1), strict=True)
    )


def test_what_is_held_out_does_not_depend_on_how_valid_and_test_share_it():
    table = images(*LONE, each=6)
    halves, valid, test = (
        split_images(table, WORLD, Settings(1, 0.0, share, 0.4 - share))[0]
        for share in (0.2, 0.4, 0.0)
    )
    held = {image.image for image in halves if image.split != "train"}
    assert len(held) == 2 * len(LONE)
    assert held == {image.image for image in valid if image.split == "valid"}
    assert held == {image.image for image in test if image.split == "test"}
    splits = [image.split for image in halves]
    assert min(splits.count("valid"), splits.count("test")) >= 12


def test_a_set_with_a_test_part_of_its_own_gives_valid_images_from_its_train_folder():
    own = images(CLASS, each=4, of="t", split="train") + images(CLASS, each=3, split="valid")
    own = [*own[:4], *(p._replace(set="t", image=f"v{p.image}") for p in own[4:])]
    own.append(own[0]._replace(image="own test", split="test"))
    split, _ = split_images(own, WORLD, Settings(1, 0.0, 0.1, 0.2, test_sets=["t"]))
    splits = [image.split for image in split]
    assert splits[4:] == ["test"] * 4
    assert sorted(splits[:4]) == ["train"] * 3 + ["valid"]


def test_equal_images_stay_together():
    table = [image._replace(stamp="same") for image in images(LONE[0], each=6)]
    split, _ = split_images(table, WORLD, Settings(1, unseen=0.0, valid=0.5))
    assert {image.split for image in split} == {"train"}


def test_a_layout_of_its_own_and_missing_labels_are_respected():
    table = images(CLASS, split="valid") + images(CLASS, of="t", split="train")
    table += images("", of="own")
    split, _ = split_images(table, WORLD, Settings(1, unseen=0.5, valid=0.5))
    assert [image.split for image in split] == ["valid"] * 5 + ["train"] * 5 + [""] * 5


@pytest.mark.parametrize("key", ["unseen", "valid", "test"])
def test_a_share_is_from_nought_to_below_one(key: str):
    with pytest.raises(InputError, match=f"expected {key} from 0 to below 1, got 1.0"):
        Settings.parse({"seed": 1, "unseen": 0.1, "valid": 0.1, key: 1.0})


def test_valid_and_test_together_leave_images_to_train_on():
    with pytest.raises(InputError, match=r"valid and test together from 0 to below 1, got 1\.2"):
        Settings.parse({"seed": 1, "unseen": 0.1, "valid": 0.6, "test": 0.6})


def test_roles_are_a_table(tmp_path: Path):
    write_roles(tmp_path / "r.tsv", [NounRole(CLASS, "seen", "", 3, 2)])
    assert (tmp_path / "r.tsv").read_text().splitlines() == [
        "synset\trole\trelated\timages\tphotos",
        f"{CLASS}\tseen\t\t3\t2",
    ]


def test_shards_hold_every_image_once_without_its_part(tmp_path: Path):
    table = images(*LONE, split="train")
    paths = [tmp_path / f"{shard}.tsv" for shard in range(3)]
    write_shards(paths, table)
    shards = [read_images(path) for path in paths]
    assert sorted(p for shard in shards for p in shard) == [p._replace(split="") for p in table]
    assert all(len(shard) > 20 for shard in shards)
    assert {shard_of(p.image, 3) for p in shards[2]} == {2}


def test_one_more_image_changes_one_shard(tmp_path: Path):
    table = images(*LONE)
    before = [tmp_path / f"a{shard}.tsv" for shard in range(4)]
    after = [tmp_path / f"b{shard}.tsv" for shard in range(4)]
    write_shards(before, table)
    write_shards(after, [*table, table[0]._replace(image="new.png")])
    pairs = zip(before, after, strict=True)
    assert sum(one.read_bytes() != other.read_bytes() for one, other in pairs) == 1


def test_the_toy_world_is_a_wordnet():
    assert len({n.synset for n in NOUNS}) == len(NOUNS)
