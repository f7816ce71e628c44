"""Above and below in a small hierarchy."""

import pytest

from wordbridge.devise.hierarchy import Hierarchy
from wordbridge.devise.noun_table import Noun
from wordbridge.errors import InputError

#        root
#       /    \
#    beast   keep      lone
#    /   \   /
#  cat    dog
#   |      |  \
#  lynx   pug  corgi
EDGES = {
    "root": [],
    "keep": ["root"],
    "beast": ["root"],
    "dog": ["beast", "keep"],
    "cat": ["beast"],
    "pug": ["dog"],
    "corgi": ["dog"],
    "lynx": ["cat"],
    "lone": [],
}


def _nouns(edges: dict[str, list[str]]) -> list[Noun]:
    return [Noun(name, (name,), tuple(above), None, "") for name, above in edges.items()]


@pytest.fixture
def hierarchy() -> Hierarchy:
    return Hierarchy(_nouns(EDGES))


def test_nouns_are_known_by_their_synset(hierarchy: Hierarchy) -> None:
    assert "dog" in hierarchy
    assert "wolf" not in hierarchy
    assert hierarchy.ancestors("lone") == hierarchy.descendants("lone") == {}


def test_all_above_and_below_are_given_with_their_steps(hierarchy: Hierarchy) -> None:
    assert hierarchy.ancestors("pug") == {"dog": 1, "beast": 2, "keep": 2, "root": 3}
    expected = {"cat": 1, "dog": 1, "corgi": 2, "pug": 2, "lynx": 2}
    assert hierarchy.descendants("beast") == expected
    assert list(hierarchy.descendants("root").values()) == [1, 1, 2, 2, 3, 3, 3]


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ({"a": [], "b": ["a", "d"], "c": ["b"], "d": ["c"], "e": ["d"]}, "of b lead in a circle"),
        ({"a": ["a"]}, "of a lead in a circle"),
        ({"a": [], "b": ["c"]}, "b has the hypernym c, which is none of the nouns"),
    ],
)
def test_no_hierarchy_is_refused(edges: dict[str, list[str]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Hierarchy(_nouns(edges))


def test_an_unknown_noun_is_named(hierarchy: Hierarchy) -> None:
    with pytest.raises(InputError, match="'wolf': expected one of the nouns"):
        hierarchy.ancestors("wolf")
    with pytest.raises(InputError, match="'wolf': expected one of the nouns"):
        hierarchy.descendants("wolf")
