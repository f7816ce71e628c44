from collections import Counter
from dataclasses import replace

import pytest

from wordbridge.corpus.auxiliary import REASONS, add_auxiliary, pair_clauses
from wordbridge.corpus.auxiliary import REASONS_CLAUSES as REASONS_CLAUSES
from wordbridge.corpus.bible import SentenceOptions
from wordbridge.corpus.pairs import TokenizedPair, token_lists
from wordbridge.errors import InputError
from wordbridge.report.corpus import audit


def pair(group, fr, en, split=""):
    return TokenizedPair(f"{group}/1", group, fr, en, fr.lower().split(), en.lower().split(), split)


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
            "text of the valid or test split, around or inside one",
        ),
        (
            pair("9:9:9", "Eh !", "where is he"),
            "text of the valid or test split, around or inside one",
        ),
        (
            pair("9:9:9", "Il dit : Où est mon frère aîné ?", "He spoke :"),
            "text of the valid or test split, around or inside one",
        ),
        (
            pair("9:9:9", "Elle dit :", "She said , What are you doing there , my son ?"),
            "text of the valid or test split, around or inside one",
        ),
        (
            pair("9:9:9", "Est mon frère aîné ,", "Is my big brother ,"),
            "text of the valid or test split, around or inside one",
        ),
        (pair("9:9:9", "Qui es-tu?", "Who are you?"), "pair of the train split"),
    ],
)
def test_what_the_other_parts_are_made_of_is_refused(other, reason):
    kept, report = added(other, pair("8:8:8", "Il vint .", "He came ."))
    assert [one.group for one in kept] == ["8:8:8"]
    assert report == Counter(dict.fromkeys(REASONS, 0)) | Counter({"read": 2, "kept": 1, reason: 1})


def test_a_short_text_may_stand_inside_another_one():
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


def test_the_split_stays_as_it_was_and_the_others_are_learned_from():
    pairs = add_auxiliary(SPLIT, [pair("8:8:8", "Il vint .", "He came .")], COMMON, Counter())
    assert pairs[:3] == SPLIT
    assert [one.split for one in pairs] == ["train", "valid", "test", "auxiliary"]
    assert token_lists(pairs, "en", "train") == [["who", "are", "you", "?"], ["he", "came", "."]]


def test_the_audit_covers_auxiliary_text_and_lets_it_be_like_the_train_part():
    learned = [SPLIT[0], SPLIT[0]._replace(split="auxiliary")]
    table = audit([*learned, *SPLIT[1:], SPLIT[2]._replace(split="auxiliary")])
    rows = table[["split", "other", "exact"]].to_numpy().tolist()
    assert rows == [
        ["valid", "train", 0],
        ["test", "train", 0],
        ["valid", "auxiliary", 0],
        ["test", "auxiliary", 1],
        ["test", "valid", 0],
    ]


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
    strict = replace(OPTIONS, length_tolerance=0)
    assert paired("Oui.", "Yes, I will go.", options=strict)[1]["length ratio"] == 1
    assert list(report) == list(REASONS_CLAUSES)


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
