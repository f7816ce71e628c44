import io
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from wordbridge.errors import InputError
from wordbridge.images.backbones import Backbone, Preprocessing
from wordbridge.images.decoding import CenterCrop, decode
from wordbridge.images.feature_store import Row, Shard
from wordbridge.images.features import PENDING, Read, extract_features, map_in_order
from wordbridge.images.table import ImageRow, MissingImageError

SIDE, CHANNELS, CLASSES = 12, 5, 7


def toy() -> Backbone:
    torch.manual_seed(4)
    body = nn.Sequential(nn.Conv2d(3, 9, 3), nn.ReLU6(), nn.Conv2d(9, CHANNELS, 3, 2))
    preprocessing = Preprocessing(CenterCrop(SIDE, SIDE + 2, "bilinear"), (0.5,) * 3, (0.5,) * 3)
    return Backbone(body, nn.Linear(CHANNELS, CLASSES), preprocessing)


def settings(**values: Any) -> dict[str, Any]:
    defaults = {"pooling": "concatenated", "precision": "float32", "batch_size": 4, "threads": 1}
    return defaults | values


def extract(
    images: Sequence[ImageRow], read: Read, backbone: Backbone, settings: dict[str, Any]
) -> Shard:
    return extract_features(images, read, backbone, settings, torch.device("cpu"))


def photo(number: int) -> bytes:
    noise = np.random.default_rng(number).integers(256, size=(15, 20 + number, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    return file.getvalue()


def image_rows(count: int) -> list[ImageRow]:
    return [
        ImageRow("own", f"{n}.png", "", "photo", "", "", "", "", str(n), f"s{n}")
        for n in range(count)
    ]


def read(image: ImageRow) -> bytes:
    return photo(int(image.member))


def test_the_other_images_of_a_batch_do_not_change_the_features():
    backbone, images = toy(), image_rows(11)
    complete = extract(images, read, backbone, settings(batch_size=4, threads=3))
    assert complete.rows == [Row("own", f"{n}.png", f"s{n}") for n in range(11)]
    assert complete.features.shape == (11, 2 * CHANNELS)
    assert complete.logits.shape == (11, CLASSES)
    for some in ([3], [10, 0], [6, 5, 4, 3, 2]):
        part = extract([images[n] for n in some], read, backbone, settings(batch_size=4))
        assert np.array_equal(part.features, complete.features[some])
        assert np.array_equal(part.logits, complete.logits[some])


def test_the_features_are_those_of_the_backbone():
    backbone = toy()
    shard = extract(image_rows(2), read, backbone, settings(pooling="average", batch_size=2))
    pixels = np.stack([decode(photo(n), backbone.preprocessing.crop) for n in range(2)])
    features, scores = backbone(torch.from_numpy(pixels))
    np.testing.assert_allclose(shard.features, features.numpy(), rtol=1e-5)
    np.testing.assert_allclose(shard.logits, scores.numpy(), rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("broken", [{0}, {1, 2, 3}, {0, 1, 2, 3, 4}])
def test_unreadable_images_are_left_out_with_a_reason(broken: set[int]):
    images = image_rows(5)

    def read_some(image: ImageRow) -> bytes:
        return b"" if int(image.member) in broken else read(image)

    complete = extract(images, read, toy(), settings())
    shard = extract(images, read_some, toy(), settings())
    readable = [n for n in range(5) if n not in broken]
    assert shard.failures == [(f"{n}.png", "the file is empty") for n in sorted(broken)]
    assert [row.image for row in shard.rows] == [f"{n}.png" for n in readable]
    assert np.array_equal(shard.features, complete.features[readable])


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(13, "Permission denied"), "the file cannot be read (Permission denied)"),
        (OSError(5, "Input/output error"), "the file cannot be read (Input/output error)"),
        (BadZipFile("Bad CRC-32"), "damaged in its archive"),
        (MissingImageError("a.png is gone"), "the file is missing"),
    ],
)
def test_an_unreadable_file_is_left_out_with_a_reason(error: Exception, reason: str):
    def refuse(image: ImageRow) -> bytes:
        raise error

    assert extract(image_rows(1), refuse, toy(), settings()).failures == [("0.png", reason)]


@pytest.mark.parametrize(
    "error", [InputError("the archive is gone"), OSError(116, "Stale file handle")]
)
def test_an_error_that_is_not_of_one_image_ends_the_job(error: Exception):
    def vanished(image: ImageRow) -> bytes:
        raise error

    with pytest.raises(type(error), match=r"gone|Stale"):
        extract(image_rows(9), vanished, toy(), settings(threads=2))


def test_a_shard_without_images_has_the_right_width():
    shard = extract([], read, toy(), settings(precision="float16"))
    assert (shard.rows, shard.failures) == ([], [])
    assert shard.features.shape == (0, 2 * CHANNELS)
    assert shard.features.dtype == np.float16
    assert shard.logits.shape == (0, CLASSES)


def test_half_precision_is_the_rounded_full_one():
    full, half = (
        extract(image_rows(3), read, toy(), settings(precision=p)) for p in ("float32", "float16")
    )
    assert np.array_equal(half.features, full.features.astype(np.float16))


def test_features_that_are_not_finite_are_an_error():
    wild = toy()
    wild.body[2].bias.data[1] = 1e5
    with pytest.raises(InputError, match="finite numbers, got others as float16"):
        extract(image_rows(1), read, wild, settings(precision="float16"))


def test_no_more_batches_are_submitted_than_may_wait():
    started = 0
    lock = threading.Lock()

    def square(item: int) -> int:
        nonlocal started
        with lock:
            started += 1
        time.sleep(0.002 * (item % 3))
        return item * item

    def items() -> Iterator[int]:
        for number in range(40):
            submitted.append(number)
            yield number

    submitted: list[int] = []
    for number, result in enumerate(map_in_order(square, items(), 3)):
        assert result == number * number
        assert len(submitted) <= number + 1 + PENDING * 3
    assert started == 40
