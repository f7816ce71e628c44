"""Lists of classes in three formats, and whether they agree with WordNet."""

from pathlib import Path

import pytest

from wordbridge.devise.class_lists import Listed, check_names, label_nouns, read_class_list
from wordbridge.devise.noun_table import Noun
from wordbridge.errors import InputError

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
def test_the_order_of_a_list_is_that_of_its_classes(
    text: str, names: tuple[str, str] | None, tmp_path: Path
) -> None:
    path = tmp_path / "list"
    path.write_bytes(text.encode())
    first, second = names or ("tench", "White_shark")

    listed = read_class_list(path)

    assert listed == [Listed("n01440764", first), Listed("n01484850", second)]
    assert [noun.class_index for noun in label_nouns(NOUNS, listed)] == [1, 0, None]


def test_no_file_is_no_list() -> None:
    assert read_class_list(None) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n01440764\ntench\n", "line 2: expected a synset such as n01440764"),
        ("n01440764\n\nn01484850\n", "line 2: expected a synset"),
        ("<html>\n", "line 1: expected a synset"),
        ("n01440764\nn01484850\nn01440764\n", "each synset once, got 'n01440764 at 0 and 2'"),
        ("{broken", "no JSON"),
        ('{"0": ["n01440764", "tench"], "2": ["n01484850", "x"]}', 'expected "1": .* got .None.'),
        ('{"0": ["tench", "n01440764"]}', 'expected "0"'),
        ('{"0": "tench"}', 'expected "0"'),
    ],
)
def test_another_list_is_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "list").write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match=message):
        read_class_list(tmp_path / "list")


def test_a_list_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no list of classes can be read"):
        read_class_list(tmp_path / "list")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (Listed("n01440765", "tench"), "n01440765 tench, which is no noun .* WordNet 3.0"),
        (Listed("n01440765", ""), r"n01440765 \(without a name\), which is no noun"),
        (Listed("n01440764", "goldfish"), "'goldfish', expected one of tench, Tinca_tinca"),
    ],
)
def test_a_list_of_another_wordnet_is_refused(entry: Listed, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_names(NOUNS, [Listed("n00001740", "Entity"), entry])


def test_a_name_may_be_any_lemma_in_any_case_with_spaces() -> None:
    check_names(NOUNS, [Listed("n01440764", "tinca tinca"), Listed("n01484850", "White shark")])
