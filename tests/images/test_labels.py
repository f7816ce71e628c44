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
    MACHINE,
    MEAT,
    NOUNS,
    PUG,
)
from wordbridge.errors import InputError
from wordbridge.images.labels import LabelIndex, Match, read_senses


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
    match = LabelIndex(NOUNS, {}).match_synset(label, kinds)
    assert (match and match.synset) == synset


def test_the_most_frequent_sense_is_used_and_all_are_counted():
    assert LabelIndex(NOUNS, {"crane": (CRANE, MACHINE)}).match_synset("crane") == Match(CRANE, 2)


def test_a_class_precedes_another_sense():
    nouns = [n._replace(class_index=7) if n.synset == CRANE else n for n in NOUNS]
    assert LabelIndex(nouns, {"crane": (MACHINE, CRANE)}).match_synset("crane") == Match(CRANE, 2)


def test_senses_are_in_the_order_of_wordnet(tmp_path: Path):
    index = tmp_path / "index.noun"
    index.write_text(
        "  1 the licence\n"
        "bat n 5 6 @ ~ #m %p + ; 5 2 02139199 00458456 04292414 03132076 02806379  \n"
        "zebu n 1 1 @ 1 0 02409412  \n"
    )
    senses = read_senses(index)
    assert senses["zebu"] == ("n02409412",)
    assert senses["bat"] == ("n02139199", "n00458456", "n04292414", "n03132076", "n02806379")


def test_a_file_of_another_format_is_refused(tmp_path: Path):
    (tmp_path / "index.noun").write_text("zebu v 1 1 @ 1 0 02409412\n")
    with pytest.raises(InputError, match=r"line 1: expected a word and its senses"):
        read_senses(tmp_path / "index.noun")


def test_the_toy_world_is_a_wordnet():
    assert len({n.synset for n in NOUNS}) == len(NOUNS)
