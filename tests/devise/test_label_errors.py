import pytest

from tests.devise.devise_toys import image, predictions, words
from wordbridge.devise import label_errors
from wordbridge.devise.label_errors import LabelError, find_label_errors

TABLE = [
    image("1", "cat"),
    image("2", "cat"),
    image("3", "boat", "train"),
    image("4", "corgi"),
    image("5", "crane"),
    image("6", "dog"),
]
# 2 is a boat, 4 and 6 differ only in how narrow their noun is.
VALUES = [(0, 1, 0), (0, 0.1, 1), (0, 0, 1), (1, 0, 0), (0, -1, 1), (2, 1, 0)]


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set limits for a table of six images."""
    for name, value in {"LOW_SHARE": 0.5, "HIGH_SHARE": 1.0, "NEAR": 1}.items():
        monkeypatch.setattr(label_errors, name, value)


def errors_of(count: int = 5) -> list[LabelError]:
    return find_label_errors(predictions(TABLE, VALUES), TABLE, words(), count)


def test_an_image_far_from_its_noun_and_close_to_another_is_listed():
    (one,) = errors_of()
    assert (one.image, one.noun, one.other, one.split) == ("2", "cat", "boat", "valid")
    assert one.gap == pytest.approx(one.other_cosine - one.cosine)
    assert one.other_cosine > 0.99


def test_nouns_near_in_wordnet_are_no_label_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(label_errors, "NEAR", 0)
    assert [one.image for one in errors_of()] == ["2", "4", "6"]
    assert [one.image for one in errors_of(count=1)] == ["2"]


def test_no_labels_give_no_errors():
    table = [image("1", "")]
    assert find_label_errors(predictions(table, [(1, 0, 0)]), table, words(), 5) == []
