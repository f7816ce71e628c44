"""Ancestors, descendants, distances and relatives in small hierarchies."""

import numpy as np
import pytest

from tests.devise.devise_toys import PARENTS, SYNSETS
from wordbridge.errors import InputError
from wordbridge.nouns.hierarchy import FAR, Hierarchy
from wordbridge.nouns.table import Noun

# A pet that is also a dog, a cycle over two paths of different length, and an isolated noun.
TANGLED = {
    "top": [], "a": ["top"], "b": ["a"], "pet": ["top"], "dog": ["b"], "lap": ["dog", "pet"],
    "low": ["top"], "deep": ["lap", "low"], "alone": [],
}  # fmt: skip


def hierarchy_of(edges: dict[str, list[str]]) -> Hierarchy:
    return Hierarchy(Noun(name, (name,), tuple(above), None, "") for name, above in edges.items())


@pytest.fixture
def toy() -> Hierarchy:
    return hierarchy_of({name: [above] if above else [] for name, above in PARENTS.items()})


def test_ancestors_and_descendants_are_all_nouns_above_and_below() -> None:
    hierarchy = hierarchy_of(TANGLED)
    assert hierarchy.ancestors("lap") == {"dog", "pet", "b", "a", "top"}
    assert hierarchy.descendants("a") == {"b", "dog", "lap", "deep"}
    assert hierarchy.descendants("top") == {*TANGLED} - {"top", "alone"}
    assert hierarchy.ancestors("alone") == hierarchy.descendants("alone") == set()


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ({"a": [], "b": ["a", "d"], "c": ["b"], "d": ["c"], "e": ["d"]}, "of b form a cycle"),
        ({"a": ["a"]}, "of a form a cycle"),
        ({"a": ["b"], "b": ["a"]}, "of a form a cycle"),
        ({"a": [], "b": ["c"]}, "b has the hypernym c, which is not among the nouns"),
    ],
)
def test_a_cycle_and_an_unknown_hypernym_are_refused(
    edges: dict[str, list[str]], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        hierarchy_of(edges)


@pytest.mark.parametrize(
    ("start", "end", "steps"),
    [("dog", "dog", 0), ("dog", "corgi", 1), ("corgi", "pug", 2), ("corgi", "boat", 5)],
)
def test_distance_goes_over_the_common_ancestor(toy: Hierarchy, start: str, end: str, steps: int):
    assert toy.distances(SYNSETS.index(start))[SYNSETS.index(end)] == steps


def test_distance_from_several_nouns_is_that_from_the_nearest(toy: Hierarchy):
    steps = toy.distances(np.array([SYNSETS.index("pug"), SYNSETS.index("boat")]))
    assert dict(zip(SYNSETS, steps.tolist(), strict=True)) == {
        "entity": 2, "animal": 2, "dog": 1, "cat": 3, "corgi": 2, "pug": 0,
        "vehicle": 1, "boat": 0, "crane": 2, "crane_bird": 3,
    }  # fmt: skip


@pytest.mark.parametrize("start", TANGLED)
def test_distances_are_the_shortest_paths_up_and_then_down(start: str):
    up = {name: steps_up(name) for name in TANGLED}
    expected = [
        min((up[start][top] + up[end][top] for top in up[start].keys() & up[end]), default=FAR)
        for end in TANGLED
    ]
    assert hierarchy_of(TANGLED).distances([*TANGLED].index(start)).tolist() == expected


def steps_up(noun: str) -> dict[str, int]:
    steps = {noun: 0}
    for parent in TANGLED[noun]:
        for ancestor, count in steps_up(parent).items():
            steps[ancestor] = min(count + 1, steps.get(ancestor, FAR))
    return steps
