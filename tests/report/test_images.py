"""Tables about the images: scores, nouns, image sets, label errors."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from wordbridge.devise.label_errors import LabelError
from wordbridge.files import write_tsv
from wordbridge.images.table import ImageRow, write_images
from wordbridge.report.images import (
    devise_table,
    image_counts_table,
    label_errors_table,
    nouns_table,
    word_labels_table,
)
from wordbridge.report.published import HITS, published_hits
from wordbridge.report.tables import markdown


def row(hit: float, **changed: Any) -> dict[str, Any]:
    place = {"candidates": "classes", "split": "test", "set": "all", "kind": "all"}
    figures = {"labels": 7, "images": 5, "hit@1": hit, "hp@2": None, "median_rank": 2.0}
    return place | figures | changed


def record(method: str, seed: int, *rows: dict[str, Any]) -> dict[str, Any]:
    return {"method": method, "seed": seed, "rows": list(rows), "words": [], "nouns": []}


def test_a_row_is_the_mean_over_the_seeds():
    frame = devise_table([record("head", 1, row(0.2)), record("head", 2, row(0.4))]).frame
    (mean,) = frame.to_dict("records")
    assert (mean["method"], mean["seeds"], mean["split"]) == ("head", 2, "seen nouns")
    assert mean["hit@1"] == pytest.approx(0.3)
    assert mean["hit@1_std"] == pytest.approx(np.std([0.2, 0.4], ddof=1))
    assert np.isnan(mean["hp@2"])


def test_methods_with_the_same_candidates_are_consecutive():
    rows = row(0.2), row(0.1, candidates="nouns")
    frame = devise_table([record("head", 1, *rows), record("conse", 1, *rows)]).frame
    assert list(zip(frame["candidates"], frame["method"], strict=True)) == [
        ("classes", "head"), ("classes", "conse"), ("nouns", "head"), ("nouns", "conse"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ([("all", "all", 5), ("all", "photo", 5), ("own", "photo", 5)], ["own photo"]),
        (
            [("all", "all", 5), ("all", "photo", 3), ("all", "drawing", 2), ("own", "photo", 3),
             ("emoji", "drawing", 1), ("clips", "drawing", 1)],
            ["all all", "all drawing", "own photo", "emoji drawing", "clips drawing"],
        ),
        ([("all", "all", 2), ("a", "photo", 1), ("a", "drawing", 1), ("all", "photo", 1),
          ("all", "drawing", 1)], ["all all", "a photo", "a drawing"]),
    ],
)  # fmt: skip
def test_sums_over_a_single_set_or_kind_are_left_out(
    rows: list[tuple[str, str, int]], kept: list[str]
):
    rows_of_record = [row(0.5, set=name, kind=kind, images=count) for name, kind, count in rows]
    frame = devise_table([record("head", 1, *rows_of_record)]).frame
    assert (frame["set"] + " " + frame["kind"]).tolist() == kept


def test_published_metrics_are_optional_and_follow_their_candidates():
    rows = row(0.2), row(0.1, candidates="nouns")
    assert len(devise_table([record("head", 1, *rows)]).frame) == 2
    frame = devise_table([record("head", 1, *rows)], published=True).frame
    assert frame["run"].tolist() == ["here", "paper", "paper", "paper", "here"]
    assert frame["method"].tolist()[1] == "softmax (Frome et al.)"
    assert frame["hit@1"].tolist()[2] == pytest.approx(0.532)


def test_published_hits_grow_with_k():
    for _, _, _, hits, _ in HITS:
        assert list(hits) == sorted(hits)
    assert published_hits("seen") == []


def test_each_note_occurs_once_and_stds_are_in_the_cell():
    records = [
        record("head", seed, row(hit, **{"hit@5": hit})) for seed, hit in ((1, 0.2), (2, 0.4))
    ]
    table = devise_table(records)
    columns = table.columns
    assert [bool(columns[f"hit@{k}"].note) for k in (1, 5)] == [True, False]
    assert "hit@1_std" not in columns
    assert "30.0 ± 14.1" in markdown(table)


def test_metrics_are_in_the_order_of_k_whatever_the_order_in_the_record() -> None:
    hits = {f"hit@{k}": k / 100 for k in (1, 10, 2)}
    record_of_nouns = record("head", 1, row(0.1, nouns=3, **hits)) | {
        "nouns": [noun("a", 0.5) | hits]
    }
    columns = devise_table([record_of_nouns]).frame.columns
    assert [name for name in columns if name.startswith("hit@") and "_" not in name] == [
        "hit@1", "hit@2", "hit@10",
    ]  # fmt: skip
    visible = list(nouns_table([record_of_nouns], "head", 3, 1).visible)
    assert visible[5:-1] == ["hit@1", "hit@2", "hit@5", "hit@10"]


def noun(synset: str, hit: float, images: int = 1, **changed: Any) -> dict[str, Any]:
    named = {"candidates": "seen", "synset": synset, "name": synset.upper(), "images": images}
    return named | {"hit@1": hit, "hit@5": hit, "taken_for": ""} | changed


def test_best_and_worst_nouns_are_means_over_the_seeds_of_the_method():
    nouns = [noun("a", 1.0), noun("b", 0.5), noun("c", 0.0), noun("d", 0.0, 3)]
    again = [noun("a", 0.0), *nouns[1:]]
    records = [
        {"method": method, "nouns": nouns_of_method}
        for method, nouns_of_method in (("head", nouns), ("head", again), ("conse", [noun("z", 1)]))
    ]
    frame = nouns_table(records, "head", 2, 1).frame
    assert list(zip(frame["end"], frame["synset"], strict=True)) == [
        ("best", "a"), ("best", "b"), ("worst", "d"), ("worst", "c"),
    ]  # fmt: skip
    assert frame["hit@1"].tolist() == [0.5, 0.5, 0.0, 0.0]


def test_methods_that_differ_beyond_chance_have_no_letter_in_common():
    seen = row(0.5, candidates="seen", images=40)
    groups = seen, seen | {"set": "toy", "kind": "photo", "images": 9}
    records = [
        record(method, 1, *groups) | {"nouns": [noun(f"n{n}", hit(n), 1) for n in range(40)]}
        for method, hit in (
            ("head", lambda n: n % 2),
            ("alone", lambda n: (n + 1) % 2),
            ("random", lambda n: 0),
        )
    ]
    frame = devise_table(records).frame.set_index(["set", "method"])["letters"]
    assert frame["all"].to_dict() == {"head": "a", "alone": "a", "random": "b"}
    assert frame["toy"].isna().all()
    assert "letters" not in devise_table(records[:1]).frame


@pytest.mark.parametrize(("nouns", "note"), [(19, "There are 19 nouns: intervals from"), (20, "")])
def test_the_caption_warns_of_letters_from_few_nouns(nouns: int, note: str):
    group = row(0.5, candidates="seen", images=nouns)
    rows = [noun(f"n{number}", 1, 1) for number in range(nouns)]
    records = [record(method, 1, group) | {"nouns": rows} for method in ("head", "ridge")]

    caption = devise_table(records).caption

    assert ("nouns: intervals" in caption) == bool(note)
    assert note in caption
    assert "intervals" not in devise_table(records[:1]).caption  # no letters


def test_word_queries_of_each_split_have_letters_by_their_reciprocal_ranks():
    place = {"split": "test", "set": "all", "kind": "all", "images": 40, "words": 30, "mrr": 0.5}

    def words(method: str, rank: Callable[[int], float], names: int = 30) -> dict[str, Any]:
        queries = {f"n{n}": rank(n) for n in range(names)}
        part = place | {"kind": "photo", "images": 9, "queries": {"n0": 1.0}}
        rows = [place | {"queries": queries}, part, place | {"split": "unseen", "queries": queries}]
        return record(method, 1) | {"words": rows}

    records = [
        words("head", lambda n: 1 / (1 + n % 2)),
        words("alone", lambda n: 1 / (2 - n % 2)),
        words("random", lambda n: 0.1),
    ]
    table = devise_table(records, "words")
    frame = table.frame.set_index(["split", "kind", "method"])["letters"]
    for split in ("seen nouns", "unseen nouns"):
        assert frame[split, "all"].to_dict() == {"head": "a", "alone": "a", "random": "b"}
    assert frame["seen nouns", "photo"].isna().all()
    assert "queries" not in table.frame
    other = words("other", lambda n: 1, 29)  # other words cannot be paired
    assert "letters" not in devise_table([*records, other], "words").frame


def test_nouns_with_few_images_are_left_out_and_none_is_both_best_and_worst():
    records = [{"method": "head", "nouns": [noun("a", 1.0, 2), noun("b", 0.5), noun("c", 0.2, 2)]}]
    frame = nouns_table(records, "head", 9, images=2).frame
    assert list(zip(frame["end"], frame["synset"], strict=True)) == [("best", "a"), ("worst", "c")]


@pytest.mark.parametrize("nouns", [[], [noun("a", 1.0)]], ids=["none", "few images"])
def test_no_nouns_give_an_empty_table(nouns: list[dict[str, Any]]):
    table = nouns_table([{"method": "head", "nouns": nouns}], "head", 3, images=2)
    assert len(table.frame) == 0
    assert table.frame.columns.tolist() == list(table.columns)


def test_every_hit_of_the_nouns_is_a_column():
    nouns = [noun("a", 0.5) | {"hit@20": 0.75}]
    text = markdown(nouns_table([{"method": "head", "nouns": nouns}], "head", 3, 1))
    assert re.search(r"\| +hit@1 \| +hit@5 \| +hit@20 \| Mistaken for", text)
    assert re.search(r"\| +50 \| +50 \| +75 \|", text)
    assert "- hit@1: percent" in text
    assert text.count("percent") == 1


def test_published_metrics_that_we_lack_are_shown():
    assert "85.0" in markdown(devise_table([record("head", 1, row(0.2))], published=True))


def image(name: str, kind: str, split: str = "") -> ImageRow:
    return ImageRow("a", name, "n00000001", kind, split, "", "", "", name, "0")


def test_a_set_has_its_splits_and_the_number_of_images_left_out(tmp_path: Path) -> None:
    images = [image("1", "photo", "train"), image("2", "photo", "valid")]
    images += [image("3", "drawing", "train"), image("4", "drawing", "unseen")]
    write_images(tmp_path / "split.tsv", images)
    write_images(tmp_path / "a.tsv", (row._replace(split="") for row in images))
    write_images(tmp_path / "album.tsv", [])
    left_out = [("5", "no noun in 'A mug.'"), ("6", "empty"), ("7", "no noun in 'Mud.'")]
    write_tsv(tmp_path / "a.left_out.tsv", ("image", "reason"), left_out)
    for name in ("album.left_out.tsv", "0.tsv", "none.tsv"):
        write_tsv(tmp_path / name, ("image", "reason"), [])
    write_tsv(tmp_path / "1.tsv", ("image", "reason"), [("3", "truncated")])
    table = image_counts_table(
        [
            (name, tmp_path / f"{name}.tsv", tmp_path / f"{name}.left_out.tsv", paths)
            for name, paths in (
                ("a", [tmp_path / "0.tsv", tmp_path / "1.tsv"]),
                ("album", [tmp_path / "none.tsv"]),
            )
        ],
        tmp_path / "split.tsv",
    )
    assert table.frame.to_dict("records") == [
        {
            "set": "a", "found": 7, "left_out": 3, "reason": "no noun in its name (2)",
            "unreadable": 1, "photos": 2, "train": 2, "valid": 1, "test": 0, "unseen": 1,
        },
        {
            "set": "album", "found": 0, "left_out": 0, "reason": "",
            "unreadable": 0, "photos": 0, "train": 0, "valid": 0, "test": 0, "unseen": 0,
        },
    ]  # fmt: skip


def test_labels_without_a_sense_precede_those_with_several(tmp_path: Path) -> None:
    header = ("label", "images", "synset", "senses", "candidates")
    rows = [
        ("bat", "3", "n2", "2", "n2 | n3"),
        ("cat", "1", "n1", "1", "n1"),
        ("set", "1", "", "", ""),
    ]
    write_tsv(tmp_path / "a.tsv", header, [*rows, ("None", "2", "", "0", "")])
    write_tsv(tmp_path / "b.tsv", header, [])
    write_tsv(tmp_path / "c.tsv", header, rows[:1])
    table = word_labels_table({name: tmp_path / f"{name}.tsv" for name in "cba"})
    assert table.frame[["set", "label", "images", "senses"]].to_numpy().tolist() == [
        ["c", "bat", 3, 2],
        ["a", "None", 2, 0],
        ["a", "bat", 3, 2],
    ]
    assert "| a | None | 2 | 0 |" in re.sub(" +", " ", markdown(table))
    empty = word_labels_table({"b": tmp_path / "b.tsv"})
    assert list(empty.frame.columns) == list(empty.columns)


def test_the_table_names_the_method_and_seed_of_its_predictions() -> None:
    errors = [LabelError("own", "2.png", "valid", "n1", "cat", 0.125, "n2", "boat", 0.75, 0.625)]

    text = markdown(label_errors_table(pd.DataFrame(errors), "conse", 7))

    assert text.startswith("Possible label errors: ")
    assert ", by the predictions of conse (seed 7).\n" in text
    cells = [cell.strip() for cell in text.splitlines()[4].split("|")[1:-1]]
    assert cells == ["own", "2.png", "valid", "cat", "0.125", "boat", "0.750", "0.625"]
