import io
import threading
import time
from collections.abc import Iterator
from zipfile import BadZipFile

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from wordbridge.errors import InputError
from wordbridge.images.backbones import Backbone, Preprocessing
from wordbridge.images.decoding import Square
from wordbridge.images.feature_store import Row
from wordbridge.images.features import WAITING, Plan, extract, in_order
from wordbridge.images.table import GoneImageError, ImageRow

SIDE, CHANNELS, CLASSES = 12, 5, 7
CPU = torch.device("cpu")


def toy() -> Backbone:
    torch.manual_seed(4)
    body = nn.Sequential(nn.Conv2d(3, 9, 3), nn.ReLU6(), nn.Conv2d(9, CHANNELS, 3, 2))
    preprocessing = Preprocessing(Square(SIDE, SIDE + 2, "bilinear"), (0.5,) * 3, (0.5,) * 3)
    return Backbone(body, nn.Linear(CHANNELS, CLASSES), preprocessing)


def photo(number: int) -> bytes:
    noise = np.random.default_rng(number).integers(256, size=(15, 20 + number, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    return file.getvalue()


def listed(count: int) -> list[ImageRow]:
    return [
        ImageRow("own", f"{n}.png", "", "photo", "", "", "", "", str(n), f"s{n}")
        for n in range(count)
    ]


def read(image: ImageRow) -> bytes:
    return photo(int(image.member))


def test_a_image_has_the_same_features_whatever_is_beside_it():
    backbone, images = toy(), listed(11)
    whole = extract(images, read, backbone, Plan(CPU, batch_size=4, threads=3))
    assert whole.rows == [Row("own", f"{n}.png", f"s{n}") for n in range(11)]
    assert whole.features.shape == (11, 2 * CHANNELS)
    assert whole.logits.shape == (11, CLASSES)
    for some in ([3], [10, 0], [6, 5, 4, 3, 2]):
        part = extract([images[n] for n in some], read, backbone, Plan(CPU, batch_size=4))
        assert np.array_equal(part.features, whole.features[some])
        assert np.array_equal(part.logits, whole.logits[some])


def test_the_features_are_those_of_the_backbone():
    backbone = toy()
    made = extract(listed(2), read, backbone, Plan(CPU, "average", batch_size=2))
    from wordbridge.images.decoding import decode

    cut = backbone.preprocessing.square
    shown = np.stack([decode(photo(n), cut) for n in range(2)])
    features, scores = backbone(torch.from_numpy(shown))
    np.testing.assert_allclose(made.features, features.numpy(), rtol=1e-5)
    np.testing.assert_allclose(made.logits, scores.numpy(), rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("broken", [{0}, {1, 2, 3}, {0, 1, 2, 3, 4}])
def test_images_that_cannot_be_read_are_named_and_left_out(broken: set[int]):
    images = listed(5)

    def sometimes(image: ImageRow) -> bytes:
        return b"" if int(image.member) in broken else read(image)

    whole = extract(images, read, toy(), Plan(CPU))
    made = extract(images, sometimes, toy(), Plan(CPU))
    kept = [n for n in range(5) if n not in broken]
    assert made.failures == [(f"{n}.png", "the file is empty") for n in sorted(broken)]
    assert [row.image for row in made.rows] == [f"{n}.png" for n in kept]
    assert np.array_equal(made.features, whole.features[kept])


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(13, "Permission denied"), "the file cannot be read (Permission denied)"),
        (BadZipFile("Bad CRC-32"), "damaged in its archive"),
        (GoneImageError("a.png is gone"), "the file is gone"),
    ],
)
def test_a_file_that_gives_no_bytes_is_named(error: Exception, reason: str):
    def refuse(image: ImageRow) -> bytes:
        raise error

    assert extract(listed(1), refuse, toy(), Plan(CPU)).failures == [("0.png", reason)]


def test_what_is_no_fault_of_a_image_ends_the_job():
    def vanished(image: ImageRow) -> bytes:
        raise InputError("the archive is gone")

    with pytest.raises(InputError, match="archive is gone"):
        extract(listed(9), vanished, toy(), Plan(CPU, threads=2))


def test_a_shard_without_images_has_the_right_width():
    made = extract([], read, toy(), Plan(CPU, precision="float16"))
    assert (made.rows, made.failures) == ([], [])
    assert made.features.shape == (0, 2 * CHANNELS)
    assert made.features.dtype == np.float16
    assert made.logits.shape == (0, CLASSES)


def test_half_precision_is_the_rounded_full_one():
    full, half = (extract(listed(3), read, toy(), Plan(CPU, precision=p)) for p in PRECISIONS)
    assert np.array_equal(half.features, full.features.astype(np.float16))


PRECISIONS = ("float32", "float16")


def test_settings_that_are_none_and_features_without_bounds_are_errors():
    with pytest.raises(InputError, match="pooling: expected one of concatenated, average"):
        extract([], read, toy(), Plan(CPU, pooling="max"))
    with pytest.raises(InputError, match="precision: expected one of float32, float16"):
        extract([], read, toy(), Plan(CPU, precision="float64"))
    wild = toy()
    wild.body[2].bias.data[1] = 1e5
    with pytest.raises(InputError, match="finite numbers, got others as float16"):
        extract(listed(1), read, wild, Plan(CPU, precision="float16"))


def test_no_more_is_begun_than_may_wait():
    begun = 0
    lock = threading.Lock()

    def make(item: int) -> int:
        nonlocal begun
        with lock:
            begun += 1
        time.sleep(0.002 * (item % 3))
        return item * item

    def items() -> Iterator[int]:
        for number in range(40):
            handed.append(number)
            yield number

    handed: list[int] = []
    for number, made in enumerate(in_order(make, items(), 3)):
        assert made == number * number
        assert len(handed) <= number + 1 + WAITING * 3
    assert begun == 40
