from pathlib import Path
from typing import Any

import pytest

from wordbridge.report.choice_table import choice_caption, choice_columns, tabulate_choice
from wordbridge.report.tables import write_table

PLACE = {"candidates": "seen", "part": "test", "set": "all", "kind": "photo", "images": 13}


def choice(*holds: bool | None) -> dict[str, Any]:
    figures = {"method": 0.75, "rival": 0.5}
    nothing = {"images": 0, "method": None, "rival": None}
    checks = [
        PLACE | (nothing if each is None else figures) | {"above": place == 0, "holds": each}
        for place, each in enumerate(holds)
    ]
    named = {"asked_for": "head", "rival": "conse", "hit": 5, "checks": checks}
    return named | {"method": "conse" if False in holds else "head"}


@pytest.mark.parametrize(
    ("holds", "verdict"),
    [
        ((True, True), "The search uses head, as no check fails: "),
        ((True, False), "The search uses conse, as 1 of the 2 checks fails: "),
        ((True, False, False), "The search uses conse, as 2 of the 3 checks fail: "),
        (
            (None, False, True, False),
            "The search uses conse, as 2 of the 4 checks fail (1 of 4 not made, for want of "
            "images): ",
        ),
        (
            (None, True, None),
            "The search uses head, as no check fails (2 of 3 not made, for want of images): ",
        ),
        (
            (None, None),
            "The search uses head, as none of the 2 checks has images and nothing was compared: ",
        ),
        ((), "The search uses head, as no check is configured: "),
    ],
)
def test_the_caption_is_the_verdict(holds: tuple[bool, ...], verdict: str):
    caption = choice_caption(choice(*holds))
    assert caption.startswith(verdict + "hit@5 of head beside that of conse")


def test_each_check_is_a_row_with_both_figures_and_what_was_asked(tmp_path: Path):
    made = choice(True, False, None)
    write_table(tabulate_choice(made), tmp_path / "c", choice_caption(made), choice_columns(made))
    lines = (tmp_path / "c.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if "photo" in line]
    assert rows == [
        ["seen", "seen nouns", "all", "photo", "13", "75.0", "50.0", "above", "yes"],
        ["seen", "seen nouns", "all", "photo", "13", "75.0", "50.0", "not below", "no"],
        ["seen", "seen nouns", "all", "photo", "0", "\u2013", "\u2013", "not below", "no images"],
    ]
    assert any("head: hit@5" in line and "conse: hit@5" in line for line in lines)


def test_without_checks_there_are_no_rows():
    assert len(tabulate_choice(choice())) == 0
