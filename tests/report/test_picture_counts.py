"""Tests of the table of picture sets."""

from pathlib import Path

from wordbridge.devise.picture_table import Picture, write_pictures
from wordbridge.report.picture_counts import tabulate_pictures
from wordbridge.table_file import write_table


def picture(name: str, kind: str, part: str = "") -> Picture:
    return Picture("a", name, "n00000001", kind, part, "", "", "", name, "0")


def test_a_set_has_its_parts_and_what_was_left_out(tmp_path: Path) -> None:
    pictures = [picture("1", "photo", "train"), picture("2", "photo", "valid")]
    pictures += [picture("3", "drawing", "train"), picture("4", "drawing", "unseen")]
    write_pictures(tmp_path / "split.tsv", pictures)
    write_pictures(tmp_path / "a.tsv", (row._replace(part="") for row in pictures))
    write_pictures(tmp_path / "album.tsv", [])
    left_out = [("5", "no noun in 'A mug.'"), ("6", "empty"), ("7", "no noun in 'Mud.'")]
    write_table(tmp_path / "a.left_out.tsv", ("picture", "reason"), left_out)
    for name in ("album.left_out.tsv", "0.tsv", "none.tsv"):
        write_table(tmp_path / name, ("picture", "reason"), [])
    write_table(tmp_path / "1.tsv", ("picture", "reason"), [("3", "truncated")])
    table = tabulate_pictures(
        {name: tmp_path / f"{name}.tsv" for name in ("a", "album")},
        {name: tmp_path / f"{name}.left_out.tsv" for name in ("a", "album")},
        {"a": [tmp_path / "0.tsv", tmp_path / "1.tsv"], "album": [tmp_path / "none.tsv"]},
        tmp_path / "split.tsv",
    )
    assert table.to_dict("records") == [
        {
            "set": "a", "found": 7, "left_out": 3, "reason": "no noun in ... (2)",
            "unreadable": 1, "photos": 2, "train": 2, "valid": 1, "test": 0, "unseen": 1,
        },
        {
            "set": "album", "found": 0, "left_out": 0, "reason": "",
            "unreadable": 0, "photos": 0, "train": 0, "valid": 0, "test": 0, "unseen": 0,
        },
    ]  # fmt: skip
