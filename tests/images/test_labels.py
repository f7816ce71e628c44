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
from wordbridge.images.labels import LabelIndex


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
