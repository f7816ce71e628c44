import random
import re
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from wordbridge.corpus.lines import aligned_lines, tabbed_lines
from wordbridge.corpus.pairs import Pair
from wordbridge.corpus.questions import REASONS, extract_lines, extract_questions
from wordbridge.errors import InputError

FR, EN = r"^([^?.!]+\?)", r"^(Wh[^?.!]+\?)"
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data in {DATA}")

LINES = [
    (1, "Où est-il? Là.", "Where is he? There."),
    (2, "Il est là.", "He is there."),
    (3, "Qui? Moi.", "It is me. Who?"),
    (4, "Moi. Qui?", "Who? Me."),
    (5, "", "What?"),
    (6, "Quoi?", " \t"),
    (7, "Que voulez-vous donc?", "What do you want then?"),
]


def test_only_the_matching_part_of_both_sides_is_kept_and_all_lines_are_accounted_for():
    report = Counter()
    pairs = list(extract_lines(LINES, FR, EN, report))
    assert pairs == [
        Pair("1", "1", "Où est-il?", "Where is he?"),
        Pair("7", "7", "Que voulez-vous donc?", "What do you want then?"),
    ]
    assert tuple(report) == REASONS
    assert list(report.values()) == [7, 2, 2, 1, 1, 1, 0]
    assert report["read"] == sum(report.values()) - report["read"]


def test_pairs_keep_their_item_and_group():
    pairs = [Pair("1:2:3/2.1", "1:2:3", "Qui? Moi.", "Who? Me."), Pair("b", "c", "Non.", "No.")]
    report = Counter()
    assert list(extract_questions(pairs, FR, EN, report)) == [
        Pair("1:2:3/2.1", "1:2:3", "Qui?", "Who?")
    ]
    assert (report["kept"], report["neither matches"]) == (1, 1)


def test_without_patterns_whole_sentences_are_kept_but_empty_ones():
    report = Counter()
    pairs = list(extract_lines(LINES, None, None, report))
    assert [pair.item for pair in pairs] == ["1", "2", "3", "4", "7"]
    assert pairs[1] == Pair("2", "2", "Il est là.", "He is there.")
    assert report["empty on one side or both"] == 2


def test_one_side_may_go_without_a_pattern():
    pairs = extract_lines(LINES, None, EN, Counter())
    assert [pair.item for pair in pairs] == ["1", "4", "7"]


def test_too_long_texts_are_counted():
    report = Counter()
    pairs = list(extract_lines(LINES, FR, EN, report, max_characters=12))
    assert [pair.item for pair in pairs] == ["1"]
    assert report["too many characters"] == 1


def test_no_question_at_all_is_an_error_that_shows_the_patterns():
    report = Counter()
    with pytest.raises(InputError, match=r"none in 7 \(fr_pattern: .*Wh.*swapped"):
        list(extract_lines(((n, en, fr) for n, fr, en in LINES), FR, EN, report))
    assert report["read"] == 7


@pytest.mark.parametrize(
    ("fr", "en", "key"), [("^(", EN, "fr_pattern"), (FR, "[z-a]", "en_pattern")]
)
def test_a_bad_pattern_names_its_key(fr: str, en: str, key: str):
    with pytest.raises(InputError, match=f"{key}: expected a regular expression, got"):
        list(extract_lines(LINES, fr, en, Counter()))


@pytest.mark.parametrize(
    "pattern",
    [
        FR,
        EN,
        r"a\?",
        r"a\??",
        r"^a|b\?",
        r"(\?)",
        r"(\\?)",
        r"(?:a\?)",
        r"a(?!b\?)",
        r"[b\?]",
        r"\(a\)\.",
        r"a\?$",
        r"a\?*",
        r"^b",
        r"\\\?",
        r"(?m)^b",
    ],
)
def test_short_cuts_find_what_a_plain_search_finds(pattern: str):
    chance = random.Random(3)
    texts = ["".join(chance.choices("ab?.(\\)Wh\n", k=chance.randrange(1, 9))) for _ in range(2000)]
    found = [
        (n, match.group()) for n, text in enumerate(texts) if (match := re.search(pattern, text))
    ]
    pairs = extract_lines(
        ((n, text, "x") for n, text in enumerate(texts)), pattern, None, Counter()
    )
    assert [(int(pair.item), pair.fr) for pair in pairs] == [
        (n, text) for n, text in found if text.strip()
    ]


@needs_data
def test_the_debates_hold_the_known_number_of_questions():
    fr, en = DATA / "hansard" / "debates.fr.gz", DATA / "hansard" / "debates.en.gz"
    report = Counter()
    assert sum(1 for _ in extract_lines(aligned_lines(fr, en), FR, EN, report)) == 3208
    assert report["read"] == 257_072


@needs_data
def test_tatoeba_holds_the_known_number_of_questions(tmp_path):
    with zipfile.ZipFile(DATA / "tatoeba" / "fra-eng-2017.zip") as archive:
        (tmp_path / "fra.txt").write_bytes(archive.read("fra.txt"))
    lines = tabbed_lines(tmp_path / "fra.txt", 2, 1)
    report = Counter()
    assert sum(1 for _ in extract_lines(lines, FR, EN, report)) == 7083
    assert report["read"] == 142_787
