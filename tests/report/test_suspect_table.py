"""The table of pictures that look mislabelled."""

from pathlib import Path

from wordbridge.devise.suspects import Suspect
from wordbridge.report.suspect_table import COLUMNS, caption, tabulate_suspects
from wordbridge.report.tables import write_table


def test_the_table_names_the_method_and_seed_that_it_goes_by(tmp_path: Path) -> None:
    found = [Suspect("own", "2.png", "valid", "n1", "cat", 0.125, "n2", "boat", 0.75, 0.625)]

    write_table(tabulate_suspects(found), tmp_path / "made", caption("conse", 7), COLUMNS)

    text = (tmp_path / "made.md").read_text(encoding="utf-8")
    assert text.startswith("Pictures that look mislabelled: ")
    assert ", as conse (seed 7) sees them\n" in text
    cells = [cell.strip() for cell in text.splitlines()[4].split("|")[1:-1]]
    assert cells == ["own", "2.png", "valid", "cat", "0.125", "boat", "0.750", "0.625"]
