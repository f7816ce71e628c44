"""Nouns out of WordNet's data.noun, and as a table."""

from pathlib import Path

import pytest

from wordbridge.devise.class_lists import label_nouns, read_class_list
from wordbridge.devise.noun_table import Noun, lemma_text, read_nouns, write_nouns
from wordbridge.devise.wordnet import read_wordnet
from wordbridge.errors import InputError

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


def test_words_and_parents_are_those_of_the_line(tmp_path: Path) -> None:
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
        ([FISH, RIVER], "n00001930 has the hypernym n00001740, which is not in the file"),
        ([RIVER, RIVER], "n00002000 comes twice"),
        ([RIVER[:28]], "line 1: expected a noun synset"),
        ([FISH.replace(" 0a ", " 0b ")], "line 1: expected a noun synset"),
        ([FISH.replace(" 004 ", " 005 ")], "line 1: expected a noun synset"),
        ([RIVER, RIVER.replace(" n ", " v ")], "line 2: expected a noun synset"),
        (["00002000 15 n 00 000 | nothing\n"], "line 1: expected a noun synset"),
        (["n01440764 tench\n"], "take database file data.noun of WordNet 3.0"),
    ],
)
def test_another_file_is_named(lines: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        read_wordnet(_file(tmp_path, *lines))


@pytest.mark.parametrize("content", [None, b"00002000 15 n 01 Rh\xf4ne 0 000 | the river\n"])
def test_a_file_that_cannot_be_read_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "data.noun"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InputError, match=r"data\.noun: no WordNet data can be read"):
        read_wordnet(path)


def test_a_table_gives_the_nouns_back(tmp_path: Path) -> None:
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
        ("synset\tlemmas\thypernyms\tclass\tgloss\nn1\ta\t\tx\t\n", "line 2: expected 5 columns"),
        ("synset\tlemmas\thypernyms\tclass\tgloss\nn1\ta\t\t\n", "line 2: expected 5 columns"),
    ],
)
def test_another_table_is_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "nouns.tsv").write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match=message):
        read_nouns(tmp_path / "nouns.tsv")


@pytest.mark.skipif(
    not (FETCHED / "wordnet_nouns").exists() or not (FETCHED / "imagenet_synsets").exists(),
    reason="WordNet has not been fetched: make pictures",
)
def test_wordnets_nouns_and_imagenets_classes_are_those_of_the_lesson(tmp_path: Path) -> None:
    nouns = read_wordnet(FETCHED / "wordnet_nouns")
    assert len(nouns) == 82_115
    # As the lesson's classids.txt has them: a synset and its first lemma a line.
    lesson = tmp_path / "classids.txt"
    lines = [f"{noun.synset} {noun.lemmas[0]}\n" for noun in nouns]
    lesson.write_text("".join(lines), encoding="utf-8")
    assert [entry.synset for entry in read_class_list(lesson)] == [noun.synset for noun in nouns]
    classes = label_nouns(nouns, read_class_list(FETCHED / "imagenet_synsets"))
    known = sorted((noun for noun in classes if noun.class_index is not None), key=_class)
    assert (len(known), known[0].synset, known[0].lemmas[0]) == (1000, "n01440764", "tench")
    assert sum("_" not in noun.lemmas[0] for noun in known) == 586


def _class(noun: Noun) -> int:
    assert noun.class_index is not None
    return noun.class_index
