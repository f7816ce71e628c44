"""Above, below and near in a small hierarchy."""

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


def test_parents_and_children_are_one_step_away(hierarchy: Hierarchy) -> None:
    assert hierarchy.hypernyms("dog") == ("beast", "keep")
    assert hierarchy.hyponyms("dog") == ("corgi", "pug")
    assert hierarchy.hyponyms("lone") == ()
    assert "dog" in hierarchy
    assert "wolf" not in hierarchy


def test_all_above_and_below_are_given_with_their_steps(hierarchy: Hierarchy) -> None:
    assert hierarchy.ancestors("pug") == {"dog": 1, "beast": 2, "keep": 2, "root": 3}
    expected = {"cat": 1, "dog": 1, "corgi": 2, "pug": 2, "lynx": 2}
    assert hierarchy.descendants("beast") == expected
    assert list(hierarchy.descendants("root").values()) == [1, 1, 2, 2, 3, 3, 3]


def test_paths_begin_at_the_root(hierarchy: Hierarchy) -> None:
    assert list(hierarchy.paths("pug")) == [
        ("root", "beast", "dog", "pug"),
        ("root", "keep", "dog", "pug"),
    ]
    assert hierarchy.path("pug") == ("root", "beast", "dog", "pug")
    assert hierarchy.path("lone") == ("lone",)


@pytest.mark.parametrize(
    ("one", "other", "steps"),
    [
        ("pug", "pug", 0),
        ("pug", "dog", 1),
        ("pug", "corgi", 2),
        ("pug", "lynx", 4),
        ("beast", "keep", 2),
        ("cat", "keep", 3),
        ("pug", "root", 3),
        ("pug", "lone", None),
    ],
)
def test_a_way_goes_up_and_then_down(
    one: str, other: str, steps: int | None, hierarchy: Hierarchy
) -> None:
    assert hierarchy.distance(one, other) == steps
    assert hierarchy.distance(other, one) == steps


@pytest.mark.parametrize("hops", range(7))
@pytest.mark.parametrize("start", EDGES)
def test_neighbours_are_those_within_the_distance(
    start: str, hops: int, hierarchy: Hierarchy
) -> None:
    distances = {name: hierarchy.distance(start, name) for name in EDGES}
    near = {name: steps for name, steps in distances.items() if steps is not None and steps <= hops}

    found = hierarchy.neighbours(start, hops=hops)

    assert found == near
    assert list(found.items()) == sorted(near.items(), key=lambda item: item[::-1])


def test_neighbours_of_several_count_from_the_nearest(hierarchy: Hierarchy) -> None:
    assert hierarchy.neighbours("pug", "beast", "lone", hops=1) == {
        **{"pug": 0, "beast": 0, "lone": 0},
        **{"dog": 1, "cat": 1, "root": 1},
    }


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
        hierarchy.distance("dog", "wolf")
