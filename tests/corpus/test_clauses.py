from collections import Counter
from dataclasses import replace

import pytest

from wordbridge.corpus.clauses import REASONS, pair_clauses
from wordbridge.corpus.sentences import SentenceOptions
from wordbridge.errors import InputError

OPTIONS = SentenceOptions()


def paired(fr, en, longest=12, options=OPTIONS):
    report = Counter()
    # A second verse keeps the list from being empty, which is an error.
    verses = {(1, 2, 3): {"f": fr, "e": en}, (4, 5, 6): {"f": "Il vint.", "e": "He came."}}
    pairs = list(pair_clauses(verses, ["f"], ["e"], options, longest, report))[:-1]
    return [(pair.item, pair.fr, pair.en) for pair in pairs], report


@pytest.mark.parametrize(
    ("fr", "en", "expected"),
    [
        (
            "Il dit: viens; et il vint.",
            "He said: come; and he came.",
            [("Il dit:", "He said:"), ("Viens;", "Come;"), ("Et il vint.", "And he came.")],
        ),
        (
            "Il dit, viens! Et il vint.",
            "He said: come! And he came.",
            [("Il dit, viens!", "He said: come!"), ("Et il vint.", "And he came.")],
        ),
        (
            "Il dit, viens, et il vint.",
            "He said: come. And he came.",
            [("Il dit, viens, et il vint.", "He said: come. And he came.")],
        ),
        ("«Où es-tu ?»", "(1:2) Where are you?", [("Où es-tu ?", "Where are you?")]),
    ],
)
def test_verses_are_cut_as_finely_as_both_sides_agree(fr, en, expected):
    pairs, _ = paired(fr, en)
    assert [pair[1:] for pair in pairs] == expected


def test_the_item_says_where_a_piece_stood():
    pairs, _ = paired("Il dit: viens.", "He said: come.")
    assert [item for item, _, _ in pairs] == ["1:2:3/clause2.1", "1:2:3/clause2.2"]


def test_long_and_unlike_pieces_are_refused_and_counted():
    pairs, report = paired("Il dit: oui; et il alla.", "He said: yes; and he went to his house.", 5)
    assert [en for _, _, en in pairs] == ["He said:", "Yes;"]
    assert report["too many English words"] == 1
    strict = replace(OPTIONS, slack=0)
    assert paired("Oui.", "Yes, I will go.", options=strict)[1]["length ratio"] == 1
    assert list(report) == list(REASONS)


def test_versions_that_say_the_same_give_one_pair():
    report = Counter()
    verses = {(1, 1, 1): {"f": "Il vint.", "g": "Il vint.", "e": "He came.", "h": "He comes."}}
    pairs = list(pair_clauses(verses, ["f", "g"], ["e", "h"], OPTIONS, 9, report))
    versions = [(pair.fr_version, pair.en_version) for pair in pairs]
    assert versions == [("f", "e"), ("f", "h")]
    assert report["duplicate"] == 2


def test_a_verse_that_a_version_lacks_gives_nothing():
    assert paired("", "He came.")[0] == []


def test_no_pair_at_all_is_an_error():
    verses = {(1, 1, 1): {"f": "Il vint.", "e": "He came to his house."}}
    with pytest.raises(InputError, match="expected pairs of 1 to 2 English words"):
        list(pair_clauses(verses, ["f"], ["e"], OPTIONS, 2, Counter()))
