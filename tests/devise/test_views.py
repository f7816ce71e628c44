"""Tests of views: what they are cut from, and that they depend on nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.devise.head_toys import image
from tests.devise.tuning_toys import CHANNELS, CPU, backbone, png, read
from wordbridge.devise.train_part import trained_on
from wordbridge.devise.view_features import extract_views
from wordbridge.devise.views import ViewSettings, view
from wordbridge.images.decoding import Square, UnreadableImageError
from wordbridge.images.feature_store import Shard
from wordbridge.images.features import Plan
from wordbridge.images.table import ImageRow

SETTINGS = ViewSettings(seed=3, smallest=0.4, stretch=1.5, flips=True)
CUT = Square(16, 18, "bilinear")
WIDE, HIGH = 240, 160  # of an image whose pixels say where they are
ONE = image("1", "n1", "train")


def chart() -> bytes:
    """Return an image whose red is the column, whose green is the row, and blue neither."""
    across, down = np.meshgrid(np.arange(WIDE), np.arange(HIGH))
    return png(np.stack([across, down, np.full_like(across, 9)], axis=2).astype(np.uint8))


def seen(number: int, settings: ViewSettings = SETTINGS, one: ImageRow = ONE) -> NDArray[np.uint8]:
    return view(settings, number, one, chart(), CUT)


def box(shown: NDArray[np.uint8]) -> tuple[float, float, bool]:
    """Return width and height in pixels of what is shown of the chart, and whether mirrored."""
    steps = CUT.side - 2  # the pixels at the edge mix fewer ones
    red, green = (shown[1:-1, 1:-1, colour].astype(float) for colour in (0, 1))
    across, down = (red[:, -1] - red[:, 0]).mean(), (green[-1] - green[0]).mean()
    scale = CUT.side / (steps - 1)
    return abs(across) * scale, down * scale, bool(across < 0)


def test_a_view_repeats_and_is_another_for_another_number_image_set_or_seed():
    first = seen(1)
    assert first.shape == (16, 16, 3)
    assert np.array_equal(first, seen(1))
    assert np.array_equal(first, seen(1, one=ONE._replace(stamp="new", part="", kind="drawing")))
    others = [
        seen(2),
        seen(1, replace(SETTINGS, seed=4)),
        seen(1, one=ONE._replace(image="2")),
        seen(1, one=ONE._replace(set="other")),
    ]
    assert not any(np.array_equal(first, other) for other in others)


def test_views_have_at_least_the_least_area_and_are_stretched_no_further():
    boxes = [box(seen(number)) for number in range(1, 60)]
    areas = [width * height / HIGH**2 for width, height, _ in boxes]
    longer = [max(w / h, h / w) for w, h, _ in boxes]
    assert min(areas) > 0.4 / 1.1
    assert max(areas) < 1.1
    assert max(longer) < 1.5 * 1.1
    # they do differ
    assert min(areas) < 0.5
    assert max(areas) > 0.85
    assert max(longer) > 1.3


def test_half_of_the_views_are_mirrored_and_none_unless_wanted():
    mirrored = [box(seen(number))[2] for number in range(1, 60)]
    assert 15 < sum(mirrored) < 44
    straight = replace(SETTINGS, flips=False)
    assert not any(box(seen(number, straight))[2] for number in range(1, 60))
    # and are else the same
    number = mirrored.index(True) + 1
    assert np.array_equal(seen(number)[:, ::-1], seen(number, straight))


def test_the_largest_view_is_the_largest_square_in_the_image():
    whole = ViewSettings(seed=3, smallest=1, stretch=1, flips=False)
    for number in range(1, 9):
        assert box(seen(number, whole)) == (pytest.approx(HIGH, 0.05), pytest.approx(HIGH, 0.05), 0)


def test_a_image_without_pixels_has_no_view():
    with pytest.raises(UnreadableImageError, match="empty"):
        view(SETTINGS, 1, ONE, b"", CUT)


def test_the_settings_of_a_view_are_read_from_a_block_that_says_more():
    block = {"views": 4, "seed": 1, "smallest": 0.5, "stretch": 1.2, "flips": False}
    assert ViewSettings.parse(block) == ViewSettings(1, 0.5, 1.2, False)


def extracted(images: list[ImageRow], count: int = 2) -> Shard:
    plan = Plan(CPU, "average", batch_size=3)
    return extract_views(images, read, backbone(), plan, SETTINGS, count)


def test_the_features_of_views_are_the_same_in_any_shard_and_order():
    images = [image(str(number), "n1", "train") for number in range(5)]
    made = extracted(images)
    assert made.features.shape == (10, CHANNELS)
    assert [row.image for row in made.rows] == [*"01234", *"01234"]
    rows = {(row.image, place // 5): place for place, row in enumerate(made.rows)}
    for some in ([3], [4, 0, 2]):
        part = extracted([images[number] for number in some])
        kept = [rows[str(number), viewed] for viewed in range(2) for number in some]
        assert np.array_equal(part.features, made.features[kept])
        assert np.array_equal(part.logits, made.logits[kept])
    assert len(np.unique(made.features, axis=0)) == 10


def test_a_image_that_cannot_be_read_is_told_once_and_has_no_views():
    images = [image(str(number), "n1", "train") for number in range(2)]

    def broken(one: ImageRow) -> bytes:
        return b"" if one.image == "0" else read(one)

    plan = Plan(CPU, batch_size=3)
    made = extract_views(images, broken, backbone(), plan, SETTINGS, 3)
    assert made.failures == [("0", "the file is empty")]
    assert [row.image for row in made.rows] == ["1"] * 3
    assert extracted([]).features.shape == (0, CHANNELS)


def test_views_are_of_the_train_part_of_one_set_alone():
    parts = ["train", "valid", "test", "unseen", "", "train"]
    images = [image(str(number), "n1", part) for number, part in enumerate(parts)]
    images.append(images[0]._replace(set="other"))
    assert [one.image for one in trained_on(images, "toys")] == ["0", "5"]
