"""French names as translated questions."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from wordbridge.errors import InputError
from wordbridge.search.translated_names import (
    TranslatedName,
    read_translated_names,
    translate_names,
    write_translated_names,
)
from wordbridge.translation.pipeline import Interpretation

MADE = [
    TranslatedName("chat noir", "Où est chat noir ?", "where is black ?", "chat", "all/3"),
    TranslatedName("chien", "Où est chien ?", "where is the dog ?", "", "all/3"),
]


def interpret(questions: Sequence[str]) -> list[Interpretation]:
    known = {one.question: (one.translation, one.unknown.split()) for one in MADE}
    return [Interpretation(text, known[text][0], -1.5, known[text][1]) for text in questions]


def test_each_name_is_asked_once_in_the_form_of_the_question():
    names = ["chien", "chat noir", "chien"]

    assert translate_names(names, "Où est {name} ?", interpret, "all/3") == MADE


def test_the_table_reads_back_by_name(tmp_path: Path):
    path = tmp_path / "questions.tsv"
    write_translated_names(path, MADE)

    assert read_translated_names([path]) == {one.name: one for one in MADE}
    assert path.read_text(encoding="utf-8").startswith("name\tquestion\ttranslation\t")
    assert read_translated_names([]) == {}


@pytest.mark.parametrize("text", ["", "name\tquestion\n", None])
def test_another_table_is_refused(tmp_path: Path, text: str | None):
    path = tmp_path / "questions.tsv"
    if text is not None:
        path.write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match=r"questions\.tsv(, line 1)?: .*; run snakemake again"):
        read_translated_names([path])


def test_a_row_that_is_cut_short_is_refused(tmp_path: Path):
    path = tmp_path / "questions.tsv"
    write_translated_names(path, MADE)
    path.write_text(path.read_text(encoding="utf-8")[:-12], encoding="utf-8")

    with pytest.raises(InputError, match="line 3: expected 5 columns, got 3"):
        read_translated_names([path])
