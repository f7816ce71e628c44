import numpy as np
import pytest

from tests.devise.devise_toys import picture, words
from wordbridge.devise.questions import groups, labelled, questions
from wordbridge.errors import InputError

TABLE = [
    picture("1", "corgi", "train"),
    picture("2", "corgi"),
    picture("3", "boat", "unseen"),
    picture("4", "boat", "unseen", "drawing"),
    picture("5", "cat", "", "drawing", "other"),
    picture("6", "pug", "", "photo", "other"),
    picture("7", ""),
    picture("8", "entity"),  # a noun without a vector
]
KEYS = [(one.set, one.picture) for one in reversed(TABLE)]


def asked() -> dict[str, tuple[set[str], set[str]]]:
    toy = words("pug")
    known = labelled(KEYS, TABLE, toy.synsets)
    rest, found = questions(known, toy.classes, toy.nodes, toy.graph(), [2])
    return {
        one.candidates: (
            {rest.pictures[n].picture for n in np.flatnonzero(one.asked)},
            {toy.synsets[n] for n in one.nouns},
        )
        for one in found
    }


def test_each_question_has_its_pictures_and_candidates():
    found = asked()
    assert found["seen"] == ({"2"}, {"corgi"})
    assert found["unseen"] == ({"3", "4"}, {"boat"})
    assert found["seen + unseen"] == ({"2", "3", "4"}, {"corgi", "boat"})
    assert found["classes"] == ({"6"}, {"pug"})
    assert found["nouns"][0] == {"2", "3", "4", "5", "6"}
    assert len(found["nouns"][1]) == 9


def test_hop_sets_leave_out_the_classes_and_what_was_seen():
    toy = words("pug")
    known = labelled(KEYS, [*TABLE[:4], picture("5", "dog", "", set="other"), *TABLE[5:]],
                     toy.synsets)  # fmt: skip
    rest, found = questions(known, toy.classes, toy.nodes, toy.graph(), [2])
    by_name = {one.candidates: one for one in found}
    assert {toy.synsets[n] for n in by_name["2-hop"].nouns} == {"dog", "animal"}
    assert {toy.synsets[n] for n in by_name["2-hop + classes"].nouns} == {"dog", "animal", "pug"}
    assert [rest.pictures[n].synset for n in np.flatnonzero(by_name["2-hop"].asked)] == ["dog"]


def test_questions_about_no_picture_are_left_out():
    assert "2-hop" not in asked()


def test_pictures_that_chose_are_not_asked_about_where_others_test():
    toy = words("pug")
    table = [*TABLE[:4], picture("5", "corgi", "test", set="other"), *TABLE[5:]]
    known = labelled(KEYS, table, toy.synsets)
    rest, found = questions(known, toy.classes, toy.nodes, toy.graph(), [])
    asked = {one.candidates: rest.only(one.asked).pictures for one in found}
    assert [p.part for p in asked["seen"]] == ["test"]
    assert {p.picture for p in asked["nouns"]} == {"3", "4", "5", "6"}  # 2 is valid


def test_rows_follow_the_predictions_whatever_the_order_of_the_table():
    known = labelled(KEYS, TABLE, words().synsets)
    assert [KEYS[row] for row in known.rows] == [(p.set, p.picture) for p in known.pictures]
    assert known.nouns.tolist() == sorted(known.nouns.tolist())


def test_a_picture_that_is_not_in_the_table_is_named():
    with pytest.raises(InputError, match="picture 9 of own: expected it in the table"):
        labelled([("own", "9")], TABLE, words().synsets)


def test_groups_are_parts_kinds_and_sets():
    known = labelled(KEYS, TABLE, words().synsets)
    found = groups(known, np.array([p.part != "train" for p in known.pictures]))
    assert [(g.part, g.set, g.kind, len(g.chosen)) for g in found] == [
        ("", "all", "all", 2), ("", "all", "drawing", 1), ("", "all", "photo", 1),
        ("", "other", "drawing", 1), ("", "other", "photo", 1),
        ("unseen", "all", "all", 2), ("unseen", "all", "drawing", 1), ("unseen", "all", "photo", 1),
        ("unseen", "own", "drawing", 1), ("unseen", "own", "photo", 1),
        ("valid", "all", "all", 1), ("valid", "all", "photo", 1), ("valid", "own", "photo", 1),
    ]  # fmt: skip
