"""Nouns of WordNet's data.noun, the table of them, and lists of classes in three formats."""

from pathlib import Path

import pytest

from wordbridge.errors import InputError
from wordbridge.nouns.table import Noun, lemma_text, read_nouns, write_nouns
from wordbridge.nouns.wordnet import (
    check_class_names,
    label_nouns,
    read_classes,
    read_senses,
    read_wordnet,
)

FETCHED = Path(__file__).resolve().parents[2] / "resources" / "files"
LICENCE = "  1 This software and database is being provided to you, the LICENSEE, by  \n  2   \n"
ENTITY = "00001740 03 n 01 entity 0 001 ~ 00001930 n 0000 | that which is known  \n"
FISH = (
    "00001930 05 n 0a fish 0 great_white_shark 0 b 1 c 2 d 0 e 0 f 0 g 0 h 0 j a 004 "
    "@ 00001740 n 0000 + 00692329 v 0101 @i 00002000 n 0000 ~ 00002000 n 0000 | a fish | it swims\n"
)
RIVER = '00002000 15 n 01 Rhône 0 000 | the river; "it is | long"  \n'


def _file(folder: Path, *lines: str) -> Path:
    path = folder / "data.noun"
    path.write_text("".join(lines), encoding="utf-8")
    return path


def test_lemmas_and_hypernyms_are_those_of_the_line(tmp_path: Path) -> None:
    entity, fish, river = read_wordnet(_file(tmp_path, LICENCE, ENTITY, FISH, RIVER))

    assert entity == Noun("n00001740", ("entity",), (), None, "that which is known")
    assert fish.lemmas == ("fish", "great_white_shark", *"bcdefgh", "j")
    assert fish.hypernyms == ("n00001740", "n00002000")
    assert fish.gloss == "a fish | it swims"
    assert river == Noun("n00002000", ("Rhône",), (), None, 'the river; "it is | long"')


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([LICENCE], "expected noun synsets, got none"),
        ([RIVER, RIVER], "n00002000 is in it twice"),
        ([RIVER[:28]], "line 1: expected a noun synset"),
        ([FISH.replace(" 0a ", " 0b ")], "line 1: expected a noun synset"),
        ([FISH.replace(" 004 ", " 005 ")], "line 1: expected a noun synset"),
        ([RIVER, RIVER.replace(" n ", " v ")], "line 2: expected a noun synset"),
        (["00002000 15 n 00 000 | nothing\n"], "line 1: expected a noun synset"),
        (["n01440764 tench\n"], "use the database file data.noun of WordNet 3.0"),
    ],
)
def test_a_file_of_another_format_is_named(lines: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        read_wordnet(_file(tmp_path, *lines))


@pytest.mark.parametrize("content", [None, b"00002000 15 n 01 Rh\xf4ne 0 000 | the river\n"])
def test_an_unreadable_file_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "data.noun"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InputError, match=r"data\.noun.*: expected (?:UTF-8|a text file)"):
        read_wordnet(path)


def test_a_table_preserves_the_nouns(tmp_path: Path) -> None:
    nouns = [
        Noun("n00000007", ("cat", "big_cat"), (), None, 'a "beast"\tthat\nmews'),
        Noun("n00000003", ("tench",), ("n00000007", "n00000005"), 0, ""),
        Noun("n00000005", ("Rhône",), ("n00000007",), 12, "|"),
    ]
    write_nouns(tmp_path / "nouns.tsv", nouns)

    assert read_nouns(tmp_path / "nouns.tsv") == [
        nouns[0]._replace(gloss='a "beast" that mews'),
        *nouns[1:],
    ]
    assert lemma_text("big_cat") == "big cat"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("synset\tlemmas\n", "line 1: expected the columns synset, lemmas, hypernyms"),
        (
            "synset\tlemmas\thypernyms\tclass\tgloss\nn1\ta\t\tx\t\n",
            "line 2: .* column class, got .x.",
        ),
        ("synset\tlemmas\thypernyms\tclass\tgloss\nn1\ta\t\t\n", "line 2: expected 5 columns"),
    ],
)
def test_a_table_of_another_format_is_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "nouns.tsv").write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match=message):
        read_nouns(tmp_path / "nouns.tsv")


@pytest.mark.skipif(
    not (FETCHED / "wordnet_nouns").exists() or not (FETCHED / "imagenet_synsets").exists(),
    reason="WordNet has not been fetched: make images",
)
def test_wordnets_nouns_and_imagenets_classes_are_those_of_the_lesson(tmp_path: Path) -> None:
    nouns = read_wordnet(FETCHED / "wordnet_nouns")
    assert len(nouns) == 82_115
    # As the lesson's classids.txt has them: a synset and its first lemma a line.
    lesson = tmp_path / "classids.txt"
    lines = [f"{noun.synset} {noun.lemmas[0]}\n" for noun in nouns]
    lesson.write_text("".join(lines), encoding="utf-8")
    assert [synset for synset, _ in read_classes(lesson)] == [noun.synset for noun in nouns]
    classes = label_nouns(nouns, read_classes(FETCHED / "imagenet_synsets"))
    labelled = sorted((noun for noun in classes if noun.class_index is not None), key=_class)
    assert (len(labelled), labelled[0].synset, labelled[0].lemmas[0]) == (
        1000,
        "n01440764",
        "tench",
    )
    assert sum("_" not in noun.lemmas[0] for noun in labelled) == 586


def _class(noun: Noun) -> int:
    assert noun.class_index is not None
    return noun.class_index


def test_senses_are_in_the_order_of_wordnet(tmp_path: Path) -> None:
    index = tmp_path / "index.noun"
    index.write_text(
        "  1 the licence\n"
        "bat n 5 6 @ ~ #m %p + ; 5 2 02139199 00458456 04292414 03132076 02806379  \n"
        "zebu n 1 1 @ 1 0 02409412  \n"
    )
    senses = read_senses(index)
    assert senses["zebu"] == ("n02409412",)
    assert senses["bat"] == ("n02139199", "n00458456", "n04292414", "n03132076", "n02806379")


def test_a_file_without_senses_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index.noun").write_text("zebu v 1 1 @ 1 0 02409412\n")
    with pytest.raises(InputError, match=r"line 1: expected a word and its senses"):
        read_senses(tmp_path / "index.noun")


NOUNS = [
    Noun("n01484850", ("great_white_shark", "white_shark"), (), None, ""),
    Noun("n01440764", ("tench", "Tinca_tinca"), (), None, ""),
    Noun("n00001740", ("entity",), (), None, ""),
]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("n01440764\nn01484850\n", ("", "")),
        ("n01440764\r\nn01484850", ("", "")),
        ("n01440764 tench\nn01484850 great_white_shark\n", ("tench", "great_white_shark")),
        ('{"1": ["n01484850", "White_shark"], "0": ["n01440764", "tench"]}', None),
    ],
)
def test_class_indices_follow_the_order_of_the_list(
    text: str, names: tuple[str, str] | None, tmp_path: Path
) -> None:
    path = tmp_path / "list"
    path.write_bytes(text.encode())
    first, second = names or ("tench", "White_shark")

    classes = read_classes(path)

    assert classes == [("n01440764", first), ("n01484850", second)]
    assert [noun.class_index for noun in label_nouns(NOUNS, classes)] == [1, 0, None]


def test_no_file_gives_no_classes() -> None:
    assert read_classes(None) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n01440764\ntench\n", "line 2: expected a synset such as n01440764"),
        ("n01440764\n\nn01484850\n", "line 2: expected a synset"),
        ("<html>\n", "got a web page; fetch the file again"),
        ("n01440764\nn01484850\nn01440764\n", "each synset once, got 'n01440764 at 0 and 2'"),
        ("{broken", "expected a list of classes in JSON"),
        ('{"0": ["n01440764", "tench"], "2": ["n01484850", "x"]}', 'expected "1": .* got .None.'),
        ('{"0": ["tench", "n01440764"]}', 'expected "0"'),
        ('{"0": "tench"}', 'expected "0"'),
    ],
)
def test_a_list_of_another_format_is_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "list").write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match=message):
        read_classes(tmp_path / "list")


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="list: expected a text file, got no file"):
        read_classes(tmp_path / "list")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (("n01440765", "tench"), "n01440765 tench, which is not a noun .* WordNet 3.0"),
        (("n01440765", ""), r"n01440765 \(without a name\), which is not a noun"),
        (("n01440764", "goldfish"), "'goldfish', expected one of tench, Tinca_tinca"),
    ],
)
def test_a_list_of_another_wordnet_is_refused(entry: tuple[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_class_names(NOUNS, [("n00001740", "Entity"), entry])


def test_a_list_of_more_classes_than_a_backbone_has_is_refused() -> None:
    nouns = [Noun(f"n{number:08}", ("word",), (), None, "") for number in range(1001)]
    classes = [(noun.synset, "") for noun in nouns]
    assert label_nouns(nouns, classes[:1000])[-2].class_index == 999
    with pytest.raises(InputError, match="1001 synsets: expected at most the 1000 classes"):
        label_nouns(nouns, classes)


def test_a_name_may_be_any_lemma_in_any_case_with_spaces() -> None:
    check_class_names(NOUNS, [("n01440764", "tinca tinca"), ("n01484850", "White shark")])
