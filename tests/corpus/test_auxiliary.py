from collections import Counter

import pytest

from wordbridge.corpus.auxiliary import CLAUSE_REASONS, REASONS, add_auxiliary, pair_clauses
from wordbridge.corpus.pairs import TokenizedPair, token_lists
from wordbridge.errors import InputError
from wordbridge.report.corpus import leakage_table


def pair(group, fr, en, split=""):
    return TokenizedPair(
        f"{group}/1", group, fr, en, "", "", fr.lower().split(), en.lower().split(), split
    )


SPLIT = [
    pair("1:1:1", "Qui es tu ?", "Who are you ?", "train"),
    pair("2:2:2", "Où est mon frère aîné ?", "Where is he ?", "valid"),
    pair("3:3:3", "Que fais tu ?", "What are you doing there ?", "test"),
]
COMMON = {"fr": 100, "en": 100}


def added(*others, common=COMMON):
    report = Counter()
    return add_auxiliary(SPLIT, others, common, report)[len(SPLIT) :], report


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (pair("3:3:3", "Il vint .", "He came ."), "group of the valid or test split"),
        (
            pair("9:9:9", "QUE FAIS-TU", "Why ?"),
            "equals, contains or is inside a text of the valid or test split",
        ),
        (
            pair("9:9:9", "Eh !", "where is he"),
            "equals, contains or is inside a text of the valid or test split",
        ),
        (
            pair("9:9:9", "Il dit : Où est mon frère aîné ?", "He spoke :"),
            "equals, contains or is inside a text of the valid or test split",
        ),
        (
            pair("9:9:9", "Elle dit :", "She said , What are you doing there , my son ?"),
            "equals, contains or is inside a text of the valid or test split",
        ),
        (
            pair("9:9:9", "Est mon frère aîné ,", "Is my big brother ,"),
            "equals, contains or is inside a text of the valid or test split",
        ),
        (pair("9:9:9", "Qui es-tu?", "Who are you?"), "pair of the train split"),
    ],
)
def test_pairs_like_those_of_the_other_splits_are_rejected(other, reason):
    kept, report = added(other, pair("8:8:8", "Il vint .", "He came ."))
    assert [one.group for one in kept] == ["8:8:8"]
    assert report == Counter(dict.fromkeys(REASONS, 0)) | Counter({"read": 2, "kept": 1, reason: 1})


def test_another_text_may_contain_a_short_text():
    kept, _ = added(pair("9:9:9", "Que fais-tu là ?", "What now ?"))
    assert len(kept) == 1


def test_pairs_with_rare_words_are_left_out():
    others = [
        pair("7:7:1", "Il vint .", "He came ."),
        pair("7:7:2", "Il vint ici .", "He came ."),
        pair("7:7:3", "Il vint .", "He came here ."),
        pair("7:7:4", "Tu es qui ?", "You are who ?"),  # all words of the train split
    ]
    kept, report = added(*others, common={"fr": 3, "en": 3})
    assert [one.group for one in kept] == ["7:7:1", "7:7:4"]
    assert report["rare word"] == 2


def test_the_split_does_not_change_and_auxiliary_text_counts_as_train():
    pairs = add_auxiliary(SPLIT, [pair("8:8:8", "Il vint .", "He came .")], COMMON, Counter())
    assert pairs[:3] == SPLIT
    assert [one.split for one in pairs] == ["train", "valid", "test", "auxiliary"]
    assert token_lists(pairs, "en", "train") == [["who", "are", "you", "?"], ["he", "came", "."]]


def test_the_audit_covers_auxiliary_text_but_not_its_likeness_to_the_train_split():
    learned = [SPLIT[0], SPLIT[0]._replace(split="auxiliary")]
    table = leakage_table([*learned, *SPLIT[1:], SPLIT[2]._replace(split="auxiliary")]).frame
    rows = table[["split", "other", "exact"]].to_numpy().tolist()
    assert rows == [
        ["valid", "train", 0],
        ["test", "train", 0],
        ["valid", "auxiliary", 0],
        ["test", "auxiliary", 1],
        ["test", "valid", 0],
    ]


def paired(fr, en, max_en_words=12):
    report = Counter()
    # A second verse keeps the list from being empty, which is an error.
    verses = {"1:2:3": {"f": fr, "e": en}, "4:5:6": {"f": "Il vint.", "e": "He came."}}
    pairs = list(pair_clauses(verses, ["f"], ["e"], max_en_words, report))[:-1]
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
def test_verses_are_cut_into_the_finest_units_with_equal_numbers(fr, en, expected):
    pairs, _ = paired(fr, en)
    assert [pair[1:] for pair in pairs] == expected


def test_the_item_has_unit_count_and_index():
    pairs, _ = paired("Il dit: viens.", "He said: come.")
    assert [item for item, _, _ in pairs] == ["1:2:3/clause2.1", "1:2:3/clause2.2"]


def test_long_and_unlike_clauses_are_rejected_and_counted():
    pairs, report = paired("Il dit: oui; et il alla.", "He said: yes; and he went to his house.", 5)
    assert [en for _, _, en in pairs] == ["He said:", "Yes;"]
    assert report["too many English words"] == 1
    english = "Yes, I will go there with thee."
    assert paired("Oui.", english)[1]["length ratio"] == 1
    assert list(report) == list(CLAUSE_REASONS)


def test_versions_with_the_same_text_give_one_pair():
    report = Counter()
    verses = {"1:1:1": {"f": "Il vint.", "g": "Il vint.", "e": "He came.", "h": "He comes."}}
    pairs = list(pair_clauses(verses, ["f", "g"], ["e", "h"], 9, report))
    versions = [(pair.fr_version, pair.en_version) for pair in pairs]
    assert versions == [("f", "e"), ("f", "h")]
    assert report["duplicate"] == 2


def test_a_verse_that_a_version_lacks_gives_no_pair():
    assert paired("", "He came.")[0] == []


def test_no_pair_at_all_is_an_error():
    verses = {"1:1:1": {"f": "Il vint.", "e": "He came to his house."}}
    with pytest.raises(InputError, match="expected pairs of 1 to 2 English words"):
        list(pair_clauses(verses, ["f"], ["e"], 2, Counter()))
