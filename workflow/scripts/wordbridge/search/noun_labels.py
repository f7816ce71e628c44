"""What people read about a noun: its first lemma, and the way up WordNet from it."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from wordbridge.devise.noun_table import Noun, lemma_text

_STEP = " < "


class NounLabel(NamedTuple):
    """The noun, and the noun with its hypernyms up to the most general one."""

    label: str
    path: str


def noun_labels(nouns: Iterable[Noun]) -> dict[str, NounLabel]:
    """Return the label of each synset; the path goes by the first hypernym of each noun."""
    table = list(nouns)
    names = {noun.synset: lemma_text(noun.lemmas[0]) for noun in table}
    above = {noun.synset: noun.hypernyms[0] for noun in table if noun.hypernyms}
    return {synset: NounLabel(name, _path(synset, names, above)) for synset, name in names.items()}


def noun_words(nouns: Iterable[Noun]) -> list[str]:
    """Return the words of all lemmas, as they are spelled and in lower case, sorted."""
    lemmas = {lemma for noun in nouns for lemma in noun.lemmas}
    words = {word for lemma in lemmas for word in (lemma, *lemma.split("_")) if word}
    return sorted(words | {word.lower() for word in words})


def _path(synset: str, names: Mapping[str, str], above: Mapping[str, str]) -> str:
    steps = [synset]
    while (parent := above.get(steps[-1])) in names and parent not in steps:
        steps.append(str(parent))
    return _STEP.join(names[step] for step in steps)
