"""Nested values compared."""

import pytest

from wordbridge.manifest.differences import Difference, differences, shown


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1, "b": {"c": 2}}, {"b": {"c": 2}, "a": 1}, []),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3, "c": 2}}, [("a.b", 1, 3)]),
        ({"a": 1}, {"b": 2}, [("a", 1, "none"), ("b", "none", 2)]),
        ({"a": [1, 2]}, {"a": [2, 1]}, [("a", [1, 2], [2, 1])]),
        ({"a": {"b": 1}}, {"a": None}, [("a", {"b": 1}, None)]),
        ({"a": 1}, {"a": True}, []),
        (3, 4, [("", 3, 4)]),
    ],
)
def test_only_the_keys_that_differ_are_named(old: object, new: object, expected: list[object]):
    assert list(differences(old, new)) == expected


def test_a_difference_reads_as_old_and_new():
    assert str(Difference("a.b", 2, "x")) == "a.b: 2 -> x"


def test_long_values_are_cut():
    assert shown("x" * 60) == "x" * 60
    assert shown(["y" * 70]) == "['" + "y" * 55 + "..."
