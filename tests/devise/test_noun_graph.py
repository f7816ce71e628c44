import numpy as np
import pytest

from tests.devise.devise_toys import PARENTS, SYNSETS
from wordbridge.devise.hierarchy import Hierarchy
from wordbridge.devise.noun_graph import FAR, NounGraph
from wordbridge.devise.noun_table import Noun
from wordbridge.errors import InputError

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
