import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.devise.devise_toys import SYNSETS, image, predictions, words
from wordbridge.arrays import save_matrix
from wordbridge.devise import similarity
from wordbridge.devise.evaluation import candidate_sets, evaluate, groups
from wordbridge.devise.metrics import CandidateSet
from wordbridge.devise.similarity import WordSpace, labelled_images, read_word_space
from wordbridge.errors import InputError
from wordbridge.nouns.matrix import NounRow, write_noun_rows
from wordbridge.nouns.table import Noun

SETTINGS = {"hits": [1, 2], "precision": [2, 3], "queries": [1, 3], "hops": [2]}
TABLE = [
    image("1", "corgi", "train"),
    image("2", "pug", "train"),
    image("3", "cat", "train"),
    image("4", "corgi"),
    image("5", "cat"),
    image("6", "crane", "unseen"),
    image("7", "boat", "unseen"),
    image("8", ""),
]
# Right but for 5, which is taken for a corgi, and 7, that looks like a crane.
VALUES = [
    (2, 1, 0), (2, 0, 1), (0, 2, 0), (4, 2, 0), (2, 1.2, 0), (0, -2, 2), (0, -1, 1), (1, 0, 0),
]  # fmt: skip


def record(**changed: Any) -> dict[str, Any]:
    return evaluate(predictions(TABLE, VALUES), TABLE, words("boat"), SETTINGS | changed)


def row(result: dict[str, Any], candidates: str, split: str) -> dict[str, Any]:
    place = {"candidates": candidates, "split": split, "set": "all", "kind": "all"}
    (one,) = [r for r in result["rows"] if place.items() <= r.items()]
    return dict(one)


def test_seen_nouns_are_ranked_among_seen_nouns():
    result = row(record(), "seen", "valid")
    assert (result["labels"], result["images"], result["nouns"]) == (3, 2, 2)
    assert (result["hit@1"], result["hit@2"], result["median_rank"]) == (0.5, 0.5, 2.0)
    # Image 5: corgi, pug, cat; within 3 steps of cat is everything, within 0 cat alone.
    assert result["hp@3"] == 1.0
    assert result["wrong_steps"] == 3.0


def test_homonyms_share_a_hit_and_the_rank():
    result = row(record(), "nouns", "unseen")
    # Both cranes come first for 6 (half a hit) and before the boat for 7.
    assert (result["hit@1"], result["hit@2"], result["labels"]) == (0.25, 0.5, 9)
    assert result["median_rank"] == (1.5 + 3) / 2


def test_unseen_nouns_are_ranked_alone_and_among_all():
    result = record()
    assert row(result, "unseen", "unseen")["labels"] == 2
    assert row(result, "unseen", "unseen")["hit@1"] == 0.5
    assert row(result, "seen + unseen", "unseen")["labels"] == 5
    assert row(result, "classes", "unseen")["images"] == 1


def test_fewer_candidates_than_k_leave_precision_empty():
    result = row(record(), "unseen", "unseen")
    assert result["hp@3"] is None
    assert result["hp@2"] == 1.0


def test_words_find_their_images():
    (result,) = [one for one in record()["words"] if one["split"] == "all"]
    assert (result["images"], result["words"]) == (4, 4)
    # corgi: first; cat: 5, then 4; crane: 6 and 7 tie, the wrong one first; boat: 6 or 7, too.
    assert result["precision@1"] == pytest.approx(2 / 4)
    assert result["precision@3"] == pytest.approx(4 / 3 / 4)
    assert result["ceiling@3"] == pytest.approx(1 / 3)
    assert result["mrr"] == pytest.approx((1 + 1 + 1 / 2 + 1 / 2) / 4)
    ranks = {"corgi": 1, "cat": 1, "crane": 1 / 2, "boat": 1 / 2}
    assert result["queries"] == ranks


def test_single_nouns_have_their_most_frequent_wrong_noun():
    result = {(one["candidates"], one["name"]): one for one in record()["nouns"]}
    assert result["seen", "cat"]["taken_for"] == "corgi"
    assert result["seen", "corgi"]["taken_for"] == ""
    assert result["unseen", "boat"]["hit@1"] == 0.0


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch):
    before = record()
    monkeypatch.setattr(similarity, "_BLOCK", 1)
    assert record() == before


def test_the_record_is_valid_json():
    assert json.loads(json.dumps(record(), allow_nan=False)) == record()


def test_class_scores_rank_only_their_classes():
    values = [(1.0, 0.0)] * 3 + [(0.9, 0.1), (0.2, 0.8), (0.6, 0.4), (0.6, 0.4), (0.5, 0.5)]
    predicted = predictions(TABLE, values, ("corgi", "cat"))
    result = evaluate(predicted, TABLE, words(), SETTINGS)
    assert row(result, "seen", "valid")["hit@1"] == 1.0
    assert row(result, "nouns", "valid")["hit@1"] == 1.0
    unseen = row(result, "unseen", "unseen")
    assert (unseen["hit@2"], unseen["median_rank"], unseen["mrr"]) == (0.0, None, 0.0)
    assert row(result, "seen + unseen", "unseen")["wrong_steps"] == 5.0


@pytest.mark.parametrize("rows", [slice(3), slice(7, 8)], ids=["train", "unlabelled"])
def test_without_held_out_images_there_are_no_scores(rows: slice):
    table, values = TABLE[rows], VALUES[rows]
    with pytest.raises(InputError, match="expected held-out images with a noun"):
        evaluate(predictions(table, values), table, words("boat"), SETTINGS)


TABLE_SETS = [
    image("1", "corgi", "train"),
    image("2", "corgi"),
    image("3", "boat", "unseen"),
    image("4", "boat", "unseen", "drawing"),
    image("5", "cat", "", "drawing", "other"),
    image("6", "pug", "", "photo", "other"),
    image("7", ""),
    image("8", "entity"),  # a noun without a vector
]
KEYS = [(one.set, one.image) for one in reversed(TABLE_SETS)]
COLUMNS = np.arange(9)


def synsets(one: CandidateSet) -> set[str]:
    return {SYNSETS[node] for node in one.nodes}


def sets() -> dict[str, tuple[set[str], set[str]]]:
    toy = words("pug")
    known = labelled_images(KEYS, TABLE_SETS, toy.synsets)
    rest, result = candidate_sets(known, toy, COLUMNS, [2])
    return {
        one.name: ({rest.images[n].image for n in np.flatnonzero(one.images)}, synsets(one))
        for one in result
    }


def test_each_candidate_set_has_its_images_and_nouns():
    result = sets()
    assert result["seen"] == ({"2"}, {"corgi"})
    assert result["unseen"] == ({"3", "4"}, {"boat"})
    assert result["seen + unseen"] == ({"2", "3", "4"}, {"corgi", "boat"})
    assert result["classes"] == ({"6"}, {"pug"})
    assert result["nouns"][0] == {"2", "3", "4", "5", "6"}
    assert len(result["nouns"][1]) == 9


def test_hop_sets_exclude_classes_and_seen_nouns():
    toy = words("pug")
    known = labelled_images(
        KEYS, [*TABLE_SETS[:4], image("5", "dog", "", set="other"), *TABLE_SETS[5:]], toy.synsets
    )
    rest, result = candidate_sets(known, toy, COLUMNS, [2])
    by_name = {one.name: one for one in result}
    assert synsets(by_name["2-hop"]) == {"dog", "animal"}
    assert synsets(by_name["2-hop + classes"]) == {"dog", "animal", "pug"}
    assert [rest.images[n].synset for n in np.flatnonzero(by_name["2-hop"].images)] == ["dog"]


def test_candidate_sets_without_images_are_left_out():
    assert "2-hop" not in sets()


def test_valid_images_are_not_scored_where_there_is_a_test_split():
    toy = words("pug")
    table = [*TABLE_SETS[:4], image("5", "corgi", "test", set="other"), *TABLE_SETS[5:]]
    known = labelled_images(KEYS, table, toy.synsets)
    rest, result = candidate_sets(known, toy, COLUMNS, [])
    images = {one.name: rest.select(one.images).images for one in result}
    assert [p.split for p in images["seen"]] == ["test"]
    assert {p.image for p in images["nouns"]} == {"3", "4", "5", "6"}  # 2 is valid


def test_rows_follow_the_predictions_whatever_the_order_of_the_table():
    known = labelled_images(KEYS, TABLE_SETS, words().synsets)
    assert [KEYS[row] for row in known.rows] == [(p.set, p.image) for p in known.images]
    assert known.nouns.tolist() == sorted(known.nouns.tolist())


def test_groups_are_splits_kinds_and_sets():
    known = labelled_images(KEYS, TABLE_SETS, words().synsets)
    result = groups(known, np.array([p.split != "train" for p in known.images]))
    assert [(*heading.values(), len(numbers)) for heading, numbers in result] == [
        ("all", "all", "", 2), ("all", "drawing", "", 1), ("all", "photo", "", 1),
        ("other", "drawing", "", 1), ("other", "photo", "", 1),
        ("all", "all", "unseen", 2), ("all", "drawing", "unseen", 1), ("all", "photo", "unseen", 1),
        ("own", "drawing", "unseen", 1), ("own", "photo", "unseen", 1),
        ("all", "all", "valid", 1), ("all", "photo", "valid", 1), ("own", "photo", "valid", 1),
    ]  # fmt: skip


NOUNS = [
    Noun("n1", ("entity",), (), None, ""),
    Noun("n2", ("great_white_shark", "shark"), ("n1",), 2, ""),
    Noun("n3", ("boat",), ("n1",), None, ""),
]


def read(folder: Path, *synsets: str) -> WordSpace:
    rows = [NounRow(s, s, "first exact", {"n2": 2}.get(s)) for s in synsets]
    write_noun_rows(folder / "rows.tsv", rows)
    save_matrix(np.ones((len(rows), 4), np.float32), folder / "rows.npy")
    return read_word_space(folder / "rows.npy", folder / "rows.tsv", NOUNS)


def test_rows_have_their_nodes_among_all_nouns(tmp_path: Path):
    result = read(tmp_path, "n3", "n2")
    assert result.nodes.tolist() == [2, 1]
    assert result.classes.tolist() == [1]
    assert result.name(result.nodes[1]) == "great white shark"
    assert result.hierarchy.distances(1).tolist() == [1, 0, 2]
