"""What lies above and below a noun in WordNet."""

from collections import deque
from collections.abc import Iterable, Mapping

from wordbridge.devise.noun_table import Noun
from wordbridge.errors import InputError


class Hierarchy:
    """The nouns as a graph in which each is joined to its hypernyms.

    Raises InputError when a noun is its own ancestor, or a hypernym is none of the nouns.
    """

    def __init__(self, nouns: Iterable[Noun]) -> None:
        self._up = {noun.synset: tuple(dict.fromkeys(noun.hypernyms)) for noun in nouns}
        down: dict[str, list[str]] = {synset: [] for synset in self._up}
        for synset, hypernyms in self._up.items():
            for hypernym in hypernyms:
                if hypernym not in down:
                    raise InputError(
                        f"{synset} has the hypernym {hypernym}, which is none of the nouns; "
                        "make the table of nouns again"
                    )
                down[hypernym].append(synset)
        self._down = {synset: tuple(sorted(below)) for synset, below in down.items()}
        _check_acyclic(self._up, self._down)

    def __contains__(self, synset: str) -> bool:
        return synset in self._up

    def ancestors(self, synset: str) -> dict[str, int]:
        """Return all nouns above one, nearest first, and how many steps up each is."""
        return _reached(_known(synset, self._up), self._up)

    def descendants(self, synset: str) -> dict[str, int]:
        """Return all nouns below one, nearest first, and how many steps down each is."""
        return _reached(_known(synset, self._up), self._down)


def _known(synset: str, nouns: Mapping[str, object]) -> str:
    if synset not in nouns:
        raise InputError(
            f"{synset!r}: expected one of the nouns, such as n01440764; name one of WordNet 3.0"
        )
    return synset


def _reached(start: str, edges: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Return the nodes that edges lead to from ``start``, and over how many."""
    steps = {start: 0}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for following in edges[node]:
            if following not in steps:
                steps[following] = steps[node] + 1
                waiting.append(following)
    del steps[start]
    return steps


def _check_acyclic(up: Mapping[str, tuple[str, ...]], down: Mapping[str, tuple[str, ...]]) -> None:
    """Take away nouns whose hypernyms are all gone; what stays is a cycle, or below one."""
    left = {synset: len(hypernyms) for synset, hypernyms in up.items()}
    free = [synset for synset, count in left.items() if not count]
    while free:
        synset = free.pop()
        del left[synset]
        for child in down[synset]:
            left[child] -= 1
            if not left[child]:
                free.append(child)
    if left:
        raise InputError(
            f"the hypernyms of {min(left)} lead in a circle: expected a hierarchy; "
            "take WordNet 3.0's data.noun and make the table of nouns again"
        )
