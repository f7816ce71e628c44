from pathlib import Path

import pytest

from tests.images.image_toys import (
    ANIMAL,
    ARTIFACT,
    BAT,
    CAT,
    CHICKEN,
    CRANE,
    DOG,
    DOLPHIN,
    FOOD,
    IDEA,
    MACHINE,
    MEAT,
    NOUNS,
    PHYSICAL,
    PUG,
    noun,
)
from wordbridge.errors import InputError
from wordbridge.files import write_tsv
from wordbridge.images.labels import LabelIndex, match_labels, read_label_table, write_labels


@pytest.mark.parametrize(
    ("label", "kinds", "synset"),
    [
        ("Dog", [], DOG),
        ("dogs", [], DOG),
        ("domestic dogs", [], DOG),
        ("true  cat", [], CAT),
        ("pug dog", [], PUG),
        ("crane", [], MACHINE),
        ("crane", [ANIMAL], CRANE),
        ("crane", [FOOD], None),
        ("chicken", [FOOD, ANIMAL], MEAT),
        ("chicken", [ANIMAL, FOOD], CHICKEN),
        ("chicken", [ARTIFACT, FOOD], MEAT),
        ("dolphin", [], DOLPHIN),
        ("bat", [], BAT),
        ("star", [], None),
        ("idea", [], None),
        ("do", [], None),
        ("", [], None),
        ("s", [], None),
    ],
)
def test_a_label_matches_the_synset(label: str, kinds: list[str], synset: str | None):
    assert LabelIndex(NOUNS, {}).match_synset(label, kinds) == synset


def test_the_most_frequent_sense_is_used():
    assert LabelIndex(NOUNS, {"crane": (CRANE, MACHINE)}).match_synset("crane") == CRANE


def test_a_class_precedes_another_sense():
    nouns = [n._replace(class_index=7) if n.synset == CRANE else n for n in NOUNS]
    assert LabelIndex(nouns, {"crane": (MACHINE, CRANE)}).match_synset("crane") == CRANE


def test_the_toy_world_is_a_wordnet():
    assert len({n.synset for n in NOUNS}) == len(NOUNS)


ALBATROSS, TERRIER, BEE, BERYLLIUM = (f"n0000030{number}" for number in range(1, 5))
NAMED = [
    *NOUNS,
    noun(ALBATROSS, "black-footed_albatross gooney", ANIMAL),
    noun(TERRIER, "Jack_Russell_terrier", DOG),
    noun(BEE, "bee", ANIMAL),
    noun(BERYLLIUM, "beryllium Be", PHYSICAL),
]


INDEX = LabelIndex(NAMED, {})


@pytest.mark.parametrize(
    ("name", "synset", "senses"),
    [
        ("dog", DOG, 1),
        ("Dogs", DOG, 1),
        ("001.dog", DOG, 1),
        ("12 - dogs", DOG, 1),
        ("dog-101", DOG, 1),
        ("003.dogs-101", DOG, 1),
        ("dog (2)", DOG, 1),
        ("domestic_dog", DOG, 1),
        ("domestic-dogs", DOG, 1),
        ("DomesticDog", DOG, 1),
        ("domestic+dog", DOG, 1),
        ("domestic.dog", DOG, 1),
        ("pug_dog", PUG, 1),
        ("PUG DOG", PUG, 1),
        ("Black_footed_Albatross", ALBATROSS, 1),
        ("001.Black_footed_Albatross", ALBATROSS, 1),
        ("jack russell terriers", TERRIER, 1),
        ("crane", MACHINE, 2),
        ("chickens", CHICKEN, 2),
        ("bat", BAT, 2),  # its first lemma, though the other one is a class
        ("bees", BEE, 1),
        ("BE", BERYLLIUM, 1),
        ("Be-200", "", 0),
        ("star", IDEA, 1),  # no concrete noun has the name
        ("ideas", IDEA, 1),
        ("ak47", "", 0),
        ("101", "", 0),
        ("chien", "", 0),
        ("\u200bdog", DOG, 1),
        ("d\u00f4g", "", 0),
    ],
)
def test_the_name_of_a_folder_is_a_noun(name: str, synset: str, senses: int):
    [label] = match_labels([name], INDEX, {})
    assert (label.label, label.images, label.synset, label.senses) == (name, 1, synset, senses)
    assert [noun.synset for noun in label.candidates][:1] == [synset] * bool(synset)


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("old_dog", [DOG]),
        ("my.red-cranes-2", [MACHINE, CRANE]),
        ("pug with true cat", [CAT]),
        ("dog house", []),
    ],
)
def test_the_last_words_of_an_unknown_name_are_candidates(name: str, candidates: list[str]):
    [label] = match_labels([name], INDEX, {})
    assert (label.synset, label.senses) == ("", 0)
    assert [noun.synset for noun in label.candidates] == candidates


def test_the_senses_of_a_name_are_in_the_order_of_their_frequency():
    [label] = match_labels(["cranes"], LabelIndex(NAMED, {"crane": (CRANE, MACHINE)}), {})
    assert [noun.synset for noun in label.candidates] == [CRANE, MACHINE]
    assert label.synset == CRANE


def test_a_table_of_the_user_precedes_the_nouns_and_is_the_one_that_is_written(tmp_path: Path):
    table = {"crane": CRANE, "my dog": DOG, "misc": "", "typo": PUG}
    images = ["crane", "crane", "my  dog", "misc", "cat", "old cat", "dolphin", "ak47"]
    labels = match_labels(images, INDEX, table)
    write_labels(tmp_path / "labels.tsv", labels)
    rows = [line.split("\t") for line in (tmp_path / "labels.tsv").read_text().splitlines()]
    assert [row[:4] for row in rows] == [
        ["label", "images", "synset", "senses"],
        ["ak47", "1", "", "0"],
        ["cat", "1", CAT, "1"],
        ["crane", "2", CRANE, ""],
        ["dolphin", "1", DOLPHIN, "2"],
        ["misc", "1", "", ""],
        ["my  dog", "1", DOG, ""],
        ["old cat", "1", "", "0"],
    ]
    assert rows[-1][4] == f"{CAT} cat (a toy)"
    assert rows[4][4].startswith(f"{DOLPHIN} dolphin (a toy) | ")

    table = read_label_table(str(tmp_path / "labels.tsv"), {noun.synset for noun in NAMED})
    again = match_labels(images, INDEX, table)
    assert [label[:3] for label in again] == [label[:3] for label in labels]
    assert {label.senses for label in again} == {None}


def test_of_many_candidates_the_table_has_five(tmp_path: Path):
    nouns = [*NOUNS, *(noun(f"n0000040{number}", "thing", ARTIFACT) for number in range(7))]
    [label] = match_labels(["thing"], LabelIndex(nouns, {}), {})
    assert label.senses == 7
    write_labels(tmp_path / "labels.tsv", [label])
    *candidates, more = (tmp_path / "labels.tsv").read_text().rstrip("\n").split(" | ")
    assert (len(candidates), more) == (5, "2 more")


def test_two_synsets_of_one_label_are_an_error(tmp_path: Path):
    synsets = [noun.synset for noun in NAMED[:2]]
    rows = [*zip(("Old crane", "old  CRANE"), synsets, strict=True)]
    write_tsv(tmp_path / "labels.tsv", ("label", "synset"), rows)
    with pytest.raises(InputError, match=rf"one synset .* got '{synsets[0]}' and '{synsets[1]}'"):
        read_label_table(str(tmp_path / "labels.tsv"), synsets)
