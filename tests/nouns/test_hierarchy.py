"""Above and below in a small hierarchy."""

import numpy as np
import pytest

from tests.devise.devise_toys import PARENTS, SYNSETS
from wordbridge.errors import InputError
from wordbridge.nouns.hierarchy import FAR, Hierarchy, NounGraph
from wordbridge.nouns.table import Noun

# A pet that is a dog too, a loop over two ways of different length, and a noun by itself.
TANGLED = {
    "top": [], "a": ["top"], "b": ["a"], "pet": ["top"], "dog": ["b"], "lap": ["dog", "pet"],
    "low": ["top"], "deep": ["lap", "low"], "alone": [],
}  # fmt: skip


def toy() -> NounGraph:
    return NounGraph.build(SYNSETS, [[above] if above else [] for above in PARENTS.values()])


@pytest.mark.parametrize(
    ("one", "other", "steps"),
    [("dog", "dog", 0), ("dog", "corgi", 1), ("corgi", "pug", 2), ("corgi", "boat", 5)],
)
def test_distance_goes_over_the_shared_ancestor(one: str, other: str, steps: int):
    assert toy().distances(SYNSETS.index(one))[SYNSETS.index(other)] == steps


def test_distance_from_several_is_that_from_the_nearest():
    found = toy().distances(np.array([SYNSETS.index("pug"), SYNSETS.index("boat")]))
    assert dict(zip(SYNSETS, found.tolist(), strict=True)) == {
        "entity": 2, "animal": 2, "dog": 1, "cat": 3, "corgi": 2, "pug": 0,
        "vehicle": 1, "boat": 0, "crane": 2, "crane_bird": 3,
    }  # fmt: skip


@pytest.mark.parametrize("start", TANGLED)
def test_distances_are_the_shortest_ways_up_and_down_the_hierarchy(start: str):
    names = list(TANGLED)
    single = Hierarchy(Noun(n, (n,), tuple(above), None, "") for n, above in TANGLED.items())
    found = NounGraph.build(names, TANGLED.values()).distances(names.index(start))
    up = {name: {name: 0, **single.ancestors(name)} for name in names}
    expected = [
        min((up[start][top] + up[other][top] for top in up[start].keys() & up[other]), default=FAR)
        for other in names
    ]
    assert found.tolist() == expected


def test_a_hypernym_that_is_no_noun_is_named():
    with pytest.raises(InputError, match="noun b: expected its hypernym c"):
        NounGraph.build(["a", "b"], [[], ["c"]])


def test_a_circle_is_refused():
    with pytest.raises(InputError, match="a circle"):
        NounGraph.build(["a", "b"], [["b"], ["a"]])


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
