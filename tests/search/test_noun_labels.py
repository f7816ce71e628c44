"""Labels of nouns and the way up from them."""

from wordbridge.devise.noun_table import Noun
from wordbridge.search.noun_labels import NounLabel, noun_labels, noun_words


def noun(synset: str, lemmas: str, above: str = "") -> Noun:
    return Noun(synset, tuple(lemmas.split()), tuple(above.split()), None, "")


def test_the_path_goes_up_by_the_first_hypernym_and_ends_in_a_cycle_or_at_the_unknown():
    nouns = [noun("a", "thing"), noun("b", "sea_boat ship", "a c"), noun("c", "x", "d")]
    nouns += [noun("d", "y", "c"), noun("e", "z", "gone")]

    labels = noun_labels(nouns)

    assert labels["b"] == NounLabel("sea boat", "sea boat < thing")
    assert labels["c"].path == "x < y"
    assert labels["e"].path == "z"


def test_words_are_those_of_all_lemmas_and_their_parts_in_both_cases():
    words = noun_words([noun("a", "New_York boat"), noun("b", "boat")])

    assert words == sorted(["New_York", "new_york", "New", "new", "York", "york", "boat"])
