from pathlib import Path
from typing import Any

import pytest

from wordbridge.report.choice_table import choice_caption, choice_columns, tabulate_choice
from wordbridge.report.tables import write_table

PLACE = {"candidates": "seen", "part": "test", "set": "all", "kind": "photo", "pictures": 13}


def choice(*holds: bool) -> dict[str, Any]:
    checks = [
        PLACE | {"method": 0.75, "rival": 0.5, "above": place == 0, "holds": each}
        for place, each in enumerate(holds)
    ]
    named = {"asked_for": "head", "rival": "conse", "hit": 5, "checks": checks}
    return named | {"method": "head" if all(holds) else "conse"}


@pytest.mark.parametrize(
    ("holds", "verdict"),
    [
        ((True, True), "The search uses head, as no check fails: "),
        ((True, False, False), "The search uses conse, as 2 of the 3 checks fail: "),
        ((), "The search uses head, as no check fails: "),
    ],
)
def test_the_caption_is_the_verdict(holds: tuple[bool, ...], verdict: str):
    caption = choice_caption(choice(*holds))
    assert caption.startswith(verdict + "hit@5 of head beside that of conse")


def test_each_check_is_a_row_with_both_figures_and_what_was_asked(tmp_path: Path):
    made = choice(True, False)
    write_table(tabulate_choice(made), tmp_path / "c", choice_caption(made), choice_columns(made))
    lines = (tmp_path / "c.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if "photo" in line]
    assert rows == [
        ["seen", "seen nouns", "all", "photo", "13", "75.0", "50.0", "above", "yes"],
        ["seen", "seen nouns", "all", "photo", "13", "75.0", "50.0", "not below", "no"],
    ]
    assert any("head: hit@5" in line and "conse: hit@5" in line for line in lines)


def test_without_checks_there_are_no_rows():
    assert len(tabulate_choice(choice())) == 0
