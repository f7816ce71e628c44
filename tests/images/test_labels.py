from pathlib import Path

import pytest

from tests.devise.image_toys import (
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
from wordbridge.images.labels import Meaning, NounNames, read_senses


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
def test_a_label_means(label: str, kinds: list[str], synset: str | None):
    meaning = NounNames(NOUNS, {}).meaning(label, kinds)
    assert (meaning and meaning.synset) == synset


def test_the_most_frequent_of_like_senses_is_taken_and_all_are_counted():
    assert NounNames(NOUNS, {"crane": (CRANE, MACHINE)}).meaning("crane") == Meaning(CRANE, 2)


def test_a_class_goes_before_another_sense():
    nouns = [n._replace(class_index=7) if n.synset == CRANE else n for n in NOUNS]
    assert NounNames(nouns, {"crane": (MACHINE, CRANE)}).meaning("crane") == Meaning(CRANE, 2)


def test_senses_stand_in_wordnets_order(tmp_path: Path):
    index = tmp_path / "index.noun"
    index.write_text(
        "  1 the licence\n"
        "bat n 5 6 @ ~ #m %p + ; 5 2 02139199 00458456 04292414 03132076 02806379  \n"
        "zebu n 1 1 @ 1 0 02409412  \n"
    )
    senses = read_senses(index)
    assert senses["zebu"] == ("n02409412",)
    assert senses["bat"] == ("n02139199", "n00458456", "n04292414", "n03132076", "n02806379")


def test_another_file_is_no_index(tmp_path: Path):
    (tmp_path / "index.noun").write_text("zebu v 1 1 @ 1 0 02409412\n")
    with pytest.raises(InputError, match=r"line 1: expected a word and its senses"):
        read_senses(tmp_path / "index.noun")
