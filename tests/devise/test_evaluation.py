import json
from typing import Any

import pytest

from tests.devise.devise_toys import picture, predictions, words
from wordbridge.devise import noun_scores
from wordbridge.devise.evaluation import evaluate
from wordbridge.errors import InputError

SETTINGS = {"hits": [1, 2], "precision": [2, 3], "queries": [1, 3], "hops": [2]}
TABLE = [
    picture("1", "corgi", "train"),
    picture("2", "pug", "train"),
    picture("3", "cat", "train"),
    picture("4", "corgi"),
    picture("5", "cat"),
    picture("6", "crane", "unseen"),
    picture("7", "boat", "unseen"),
    picture("8", ""),
]
# Right but for 5, which is taken for a corgi, and 7, that looks like a crane.
VALUES = [
    (2, 1, 0), (2, 0, 1), (0, 2, 0), (4, 2, 0), (2, 1.2, 0), (0, -2, 2), (0, -1, 1), (1, 0, 0),
]  # fmt: skip


def record(**changed: Any) -> dict[str, Any]:
    return evaluate(predictions(TABLE, VALUES), TABLE, words("boat"), SETTINGS | changed)


def row(found: dict[str, Any], candidates: str, part: str) -> dict[str, Any]:
    place = {"candidates": candidates, "part": part, "set": "all", "kind": "all"}
    (one,) = [r for r in found["rows"] if place.items() <= r.items()]
    return dict(one)


def test_seen_nouns_are_looked_for_among_the_seen():
    found = row(record(), "seen", "valid")
    assert (found["labels"], found["pictures"], found["nouns"]) == (3, 2, 2)
    assert (found["hit@1"], found["hit@2"], found["median_rank"]) == (0.5, 0.5, 2.0)
    # Picture 5: corgi, pug, cat; within 3 steps of cat is everything, within 0 cat alone.
    assert found["hp@3"] == 1.0
    assert found["wrong_steps"] == 3.0


def test_homonyms_share_a_hit_and_the_rank():
    found = row(record(), "nouns", "unseen")
    # Both cranes come first for 6 (half a hit) and before the boat for 7.
    assert (found["hit@1"], found["hit@2"], found["labels"]) == (0.25, 0.5, 9)
    assert found["median_rank"] == (1.5 + 3) / 2


def test_unseen_nouns_are_looked_for_alone_and_among_all():
    found = record()
    assert row(found, "unseen", "unseen")["labels"] == 2
    assert row(found, "unseen", "unseen")["hit@1"] == 0.5
    assert row(found, "seen + unseen", "unseen")["labels"] == 5
    assert row(found, "classes", "unseen")["pictures"] == 1


def test_fewer_candidates_than_k_leave_precision_empty():
    found = row(record(), "unseen", "unseen")
    assert found["hp@3"] is None
    assert found["hp@2"] == 1.0


def test_words_find_their_pictures():
    (found,) = [one for one in record()["words"] if one["part"] == "all"]
    assert (found["pictures"], found["words"]) == (4, 4)
    # corgi: first; cat: 5, then 4; crane: 6 and 7 tie, the wrong one first; boat: 6 or 7, too.
    assert found["precision@1"] == pytest.approx(2 / 4)
    assert found["precision@3"] == pytest.approx(4 / 3 / 4)
    assert found["ceiling@3"] == pytest.approx(1 / 3)
    assert found["mrr"] == pytest.approx((1 + 1 + 1 / 2 + 1 / 2) / 4)


def test_single_nouns_tell_what_they_are_taken_for():
    found = {(one["candidates"], one["name"]): one for one in record()["nouns"]}
    assert found["seen", "cat"]["taken_for"] == "corgi"
    assert found["seen", "corgi"]["taken_for"] == ""
    assert found["unseen", "boat"]["hit@1"] == 0.0


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch):
    whole = record()
    monkeypatch.setattr(noun_scores, "BLOCK", 1)
    assert record() == whole


def test_the_record_goes_into_json():
    assert json.loads(json.dumps(record(), allow_nan=False)) == record()


def test_class_scores_know_only_their_classes():
    values = [(1.0, 0.0)] * 3 + [(0.9, 0.1), (0.2, 0.8), (0.6, 0.4), (0.6, 0.4), (0.5, 0.5)]
    made = predictions(TABLE, values, ("corgi", "cat"))
    found = evaluate(made, TABLE, words(), SETTINGS)
    assert row(found, "seen", "valid")["hit@1"] == 1.0
    assert row(found, "nouns", "valid")["hit@1"] == 1.0
    unseen = row(found, "unseen", "unseen")
    assert (unseen["hit@2"], unseen["median_rank"], unseen["mrr"]) == (0.0, None, 0.0)
    assert row(found, "seen + unseen", "unseen")["wrong_steps"] == 5.0


def test_points_of_another_dimension_are_refused():
    with pytest.raises(InputError, match="expected points of 3 numbers"):
        evaluate(predictions(TABLE, [(1, 2)] * 8), TABLE, words(), SETTINGS)


def test_pictures_that_nobody_labelled_give_an_empty_record():
    table = [picture("8", "")]
    found = evaluate(predictions(table, [(1, 0, 0)]), table, words(), SETTINGS)
    assert (found["rows"], found["words"], found["nouns"]) == ([], [], [])
