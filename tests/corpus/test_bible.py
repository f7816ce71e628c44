import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from wordbridge.corpus.bible import (
    REASONS,
    pair_sentences,
    question_sentences,
    read_verses,
    strip_marks,
)
from wordbridge.corpus.pairs import Pair
from wordbridge.corpus.questions import extract_questions
from wordbridge.errors import InputError

ROWS = [
    ("l", 40, 5, 13, "Avec quoi la lui rendra-t-on?"),
    ("k", 40, 5, 13, "Wherewith shall it be salted?"),
    ("k", 1, 10, 2, "a"),
    ("k", 1, 2, 10, "b"),
    ("x", 1, 2, 10, "not asked for"),
    ("l", 1, 2, 10, None),
]


def database(
    folder: Path, rows: list[tuple[str, int, int, int, str | None]], table: str = "bible"
) -> Path:
    path = folder / "verses #1?.db"  # signs that mean something in an address
    connection = sqlite3.connect(path)
    connection.execute(
        f"create table {table} (id integer, bbName text, bNumber integer, cNumber integer, "
        "vNumber integer, vText text)"
    )
    connection.executemany(f"insert into {table} values (null, ?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return path


def test_verses_come_in_the_order_of_the_book_in_the_requested_versions(tmp_path: Path):
    path = database(tmp_path, ROWS)
    path.chmod(0o444)
    verses = read_verses(path, ["l", "k"])
    assert list(verses) == ["1:2:10", "1:10:2", "40:5:13"]
    assert verses["1:2:10"] == {"k": "b"}
    assert verses["40:5:13"] == {"k": ROWS[1][4], "l": ROWS[0][4]}
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_verses_are_clean_text(tmp_path: Path):
    text = "\ufeffOu\u0300\u00a0est\u200b-il\r?"
    verses = read_verses(database(tmp_path, [("l", 1, 1, 1, text)]), ["l"])
    assert verses["1:1:1"] == {"l": "Où est-il\r?"}
    assert strip_marks(verses["1:1:1"]["l"]) == "Où est-il ?"


def test_an_unknown_version_is_an_error_that_lists_the_versions(tmp_path: Path):
    expected = r"among k \(King James Version\), l \(Segond 1910\), x, got kjv, nope; correct"
    with pytest.raises(InputError, match=expected):
        read_verses(database(tmp_path, ROWS), ["k", "kjv", "nope"])


def test_another_table_is_an_error(tmp_path: Path):
    with pytest.raises(InputError, match=r"bible\(bbName, .*got none \(no such table: bible"):
        read_verses(database(tmp_path, ROWS, table="koran"), ["k"])


@pytest.mark.parametrize(
    "content", [b"<!DOCTYPE html><html></html>" * 50, b"SQLite format 3\0" * 9]
)
def test_another_file_is_an_error(tmp_path: Path, content: bytes):
    path = tmp_path / "bible.db"
    path.write_bytes(content)
    with pytest.raises(InputError, match="expected an SQLite database"):
        read_verses(path, ["k"])


def test_a_truncated_database_is_an_error(tmp_path: Path):
    path = database(tmp_path, ROWS * 500)
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(InputError, match=r"got none \(database disk image is malformed"):
        read_verses(path, ["k"])


def test_a_missing_file_is_an_error_and_is_not_created(tmp_path: Path):
    with pytest.raises(InputError, match=r"got none \(unable to open database file"):
        read_verses(tmp_path / "bible.db", ["k"])
    assert list(tmp_path.iterdir()) == []


def paired(fr: str, en: str) -> tuple[list[Pair], Counter[str]]:
    report = Counter()
    # A second verse keeps the list from being empty, which is an error.
    verses = {"1:2:3": {"f": fr, "e": en}, "4:5:6": {"f": "Qui?", "e": "Who?"}}
    return list(pair_sentences(verses, ["f"], ["e"], report))[:-1], report


@pytest.mark.parametrize(
    ("verse", "expected"),
    [
        ("(60:11) Qui me mènera?", "Qui me mènera?"),
        ("a (18:32) b [Ésaïe 8:17]. c", "a b . c"),
        ("«Moi» dit “Qui ?”", "Moi dit Qui ?"),
        ('He said, "Why didn`t you? `Go`"', "He said, Why didn't you? Go"),
        ("the brothers` house", "the brothers' house"),
        ("l'homme et l\u2019âme", "l'homme et l\u2019âme"),
        ("avec [toi] (lui)", "avec toi lui"),
        ("a\tb\n\n c", "a b c"),
        ("*** #Dieu est là", "Dieu est là"),
    ],
)
def test_verses_are_cleaned(verse: str, expected: str):
    assert strip_marks(verse) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Il vint. Qui est-ce? Moi! Quoi\u202f? fin", ["Qui est-ce?", "Quoi\u202f?"]),
        ("Pourquoi\u00a0?Où ?", ["Pourquoi\u00a0?", "Où ?"]),
        ("Non. ? Oui", []),
        ("Quoi ??", ["Quoi ?"]),
    ],
)
def test_question_sentences_end_in_a_question_mark(text: str, expected: list[str]):
    assert question_sentences(text) == expected


@pytest.mark.parametrize(
    ("fr", "en", "fr_question", "en_question"),
    [
        ("Où est-il?", "Where is he?", "Où est-il?", "Where is he?"),
        (
            "Et il lui dit: Que fais-tu? Il se tut.",
            "And he said unto him, What doest thou? He was silent.",
            "Que fais-tu?",
            "What doest thou?",
        ),
        (
            "Mais pourquoi pleures-tu ?",
            "But why are you weeping?",
            "Pourquoi pleures-tu ?",
            "Why are you weeping?",
        ),
        (
            "(18:32) Car qui est Dieu, si ce n'est l'Éternel?",
            "For who is God, except Yahweh?",
            "Qui est Dieu, si ce n'est l'Éternel?",
            "Who is God, except Yahweh?",
        ),
        (
            "Et vous, leur demanda-t-il, qui dites-vous que je suis?",
            'He said, "But who do you say that I am?"',
            "Qui dites-vous que je suis?",
            "Who do you say that I am?",
        ),
        (
            "« Qui est là\u202f? » dit-il.",
            '"Who is there?" said he.',
            "Qui est là\u202f?",
            "Who is there?",
        ),
        ("Si je meurs, qui vient?", "If I die, who is there?", "Qui vient?", "Who is there?"),
    ],
)
def test_pairs_are_cut_to_the_question(fr: str, en: str, fr_question: str, en_question: str):
    pairs, _ = paired(fr, en)
    assert pairs == [Pair("1:2:3/1.1", "1:2:3", fr_question, en_question, "f", "e")]


def test_items_count_and_number_the_questions_of_a_verse_in_order():
    fr, en = (
        "D'où viens-tu? Viens-tu? Où vas-tu?",
        "Whence comest thou? Art thou? Where goest thou?",
    )
    assert [(pair.item, pair.en) for pair in paired(fr, en)[0]] == [
        ("1:2:3/3.1", "Whence comest thou?"),
        ("1:2:3/3.3", "Where goest thou?"),
    ]


NO_ENGLISH, NO_FRENCH = "English: no question word", "French: no question word"


@pytest.mark.parametrize(
    ("fr", "en", "reason"),
    [
        ("Est-ce vrai?", "What is it?", NO_FRENCH),
        ("Quoi donc?", "Is he there?", NO_ENGLISH),
        ("Quand vient-il?", "When he comes, is it so?", NO_ENGLISH),
        ("Qui le dit?", "Which also said it?", NO_ENGLISH),
        ("Où est-il?", "Who is he?", "other kind of question"),
        (
            "Qui viendra si je meurs?",
            "If I die, who will come?",
            "condition on one side only",
        ),
        (
            "Que ferai-je, car mon maître m'a pris ma charge?",
            "What shall I do?",
            "length ratio",
        ),
        ("Qui sait?", "Who knows if he will turn from his anger?", "length ratio"),
    ],
)
def test_a_rejected_pair_is_counted_by_reason(fr: str, en: str, reason: str):
    pairs, report = paired(fr, en)
    assert pairs == []
    assert report[reason] == 1


def test_pairs_that_differ_by_few_words_are_kept_at_any_ratio():
    assert len(paired("Qui sait?", "Who knows if he will turn?")[0]) == 1


def test_verses_with_different_numbers_of_questions_are_left_out():
    pairs, report = paired("Où? Qui?", "Where?")
    assert pairs == []
    assert report["combinations with different numbers of questions"] == 1


def test_conjunctions_and_asides_are_removed():
    pairs, _ = paired("Mais pourquoi, lui dit-il, pleures-tu?", "But why are you weeping?")
    assert (pairs[0].fr, pairs[0].en) == ("Pourquoi, pleures-tu?", "Why are you weeping?")


def test_a_pair_of_several_versions_occurs_once_and_other_wordings_share_its_item():
    verses = {
        "9:8:7": {"f": "Qui est-ce?", "g": "Qui est-ce?", "e": "Who is it?", "d": "Who is he?"},
        "9:8:8": {"f": "Qui est-ce?", "e": "Who is it?"},
    }
    report = Counter()
    pairs = list(pair_sentences(verses, ["f", "g"], ["e", "d"], report))
    assert pairs == [
        Pair("9:8:7/1.1", "9:8:7", "Qui est-ce?", "Who is it?", "f", "e"),
        Pair("9:8:7/1.1", "9:8:7", "Qui est-ce?", "Who is he?", "f", "d"),
        Pair("9:8:8/1.1", "9:8:8", "Qui est-ce?", "Who is it?", "f", "e"),
    ]
    assert tuple(report) == REASONS
    assert (report["kept"], report["duplicate"]) == (3, 2)


@pytest.mark.parametrize(
    ("fr_versions", "en_versions", "expected"),
    [
        ("fg", "ed", ["fe", "fd"]),
        ("gf", "de", ["gd", "ge"]),
        ("hgf", "e", ["he", "ge"]),
        ("fh", "edc", ["fe", "fd", "he", "hd"]),
    ],
)
def test_a_pair_has_the_first_versions_in_which_it_occurs(
    fr_versions: str, en_versions: str, expected: list[str]
):
    french = {"f": "Qui est-ce?", "g": "Qui est-ce?", "h": "Qui vient?"}
    english = {"e": "Who is it?", "d": "Who comes?", "c": "Who is it?"}
    verses = {"9:8:7": french | english}
    pairs = list(pair_sentences(verses, [*fr_versions], [*en_versions], Counter()))
    assert [pair.fr_version + pair.en_version for pair in pairs] == expected
    for pair in pairs:
        assert (pair.fr, pair.en) == (french[pair.fr_version], english[pair.en_version])


def test_all_pairs_pass_the_patterns_of_the_lesson():
    verses = {
        (1, 1, n): {"f": f"Et il dit: {fr}", "e": f"And he said, {en}"}
        for n, (fr, en) in enumerate([("Qui?", "Who?"), ("Pourquoi cela ?", "Wherefore is it?")])
    }
    pairs = list(pair_sentences(verses, ["f"], ["e"], Counter()))
    rows = [(pair.item, pair.fr, pair.en) for pair in pairs]
    kept = extract_questions(rows, r"^([^?.!]+\?)", r"^(Wh[^?.!]+\?)", Counter(), None)
    assert list(kept) == rows
    assert len(pairs) == 2


def test_no_question_in_any_verse_is_an_error():
    verses = {"1:1:1": {"f": "Au commencement.", "e": "In the beginning."}}
    with pytest.raises(InputError, match=r"none in 1 verses; check the French \(f\) and English"):
        list(pair_sentences(verses, ["f"], ["e"], Counter()))
