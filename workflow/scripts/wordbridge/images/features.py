"""Features of images: decoding and network run in parallel, in constant memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, NamedTuple, TypeVar
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray

from wordbridge.errors import InputError
from wordbridge.images.backbones import Backbone
from wordbridge.images.decoding import CenterCrop, UnreadableImageError, decode
from wordbridge.images.feature_store import Row, Shard
from wordbridge.images.table import ImageRow, MissingImageError
from wordbridge.progress import progress
from wordbridge.training.device import choose_device

PENDING = 2  # batches per thread that are submitted before the oldest result is used

Item = TypeVar("Item")
Result = TypeVar("Result")
Read = Callable[[ImageRow], bytes]


class ExtractionSettings(NamedTuple):
    """How features are computed.

    ``pooling`` is one of the backbone's. ``precision`` is that of the stored features; the
    network computes in float32. ``threads`` read, decode and, on a CPU, compute; a GPU serves one
    of them at a time.
    """

    device: torch.device
    pooling: str
    precision: str
    batch_size: int
    threads: int

    @classmethod
    def parse(cls, settings: Mapping[str, Any], threads: int) -> "ExtractionSettings":
        """Return the settings of a rule; raises InputError for a device that is not there."""
        return cls(
            choose_device(settings["device"], 1),
            settings["pooling"],
            settings["precision"],
            settings["batch_size"],
            threads,
        )


class Batch(NamedTuple):
    """Features (images, width) and logits, and the reason why an image is unreadable, or ""."""

    features: NDArray[Any]
    logits: NDArray[np.float16]
    reasons: list[str]


def extract(
    images: Sequence[ImageRow], read: Read, backbone: Backbone, settings: ExtractionSettings
) -> Shard:
    """Return the features of ``images`` in their order, and the images without features.

    A batch always has ``batch_size`` images, blank ones for missing and unreadable images: the
    last bits depend on the size of a batch, but not on the other images in it. Raises InputError
    for features that are not finite.
    """
    backbone = backbone.to(settings.device)
    gpu = Lock()

    def compute(batch: Sequence[ImageRow]) -> Batch:
        crop, size = backbone.preprocessing.crop, settings.batch_size
        pixels, reasons = _decode_batch(batch, read, crop, size)
        if settings.device.type == "cpu":
            return _compute_batch(pixels, reasons, backbone, settings)
        with gpu:  # several at once need more memory and are not faster
            return _compute_batch(pixels, reasons, backbone, settings)

    # Without images, one batch of blank ones still gives the widths.
    starts = range(0, max(len(images), 1), settings.batch_size)
    batches = [images[start : start + settings.batch_size] for start in starts]
    results = map_in_order(compute, batches, settings.threads)
    return _shard(images, list(progress(results, "features", len(batches))))


def map_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """Yield ``function(item)`` in the order of ``items``, computed in ``threads`` threads.

    At most ``PENDING * threads`` results wait. Torch uses one thread in each thread.
    """
    pending: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
    try:
        for item in items:
            if len(pending) == PENDING * threads:
                yield pending.popleft().result()
            pending.append(pool.submit(function, item))
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _decode_batch(
    batch: Sequence[ImageRow], read: Read, crop: CenterCrop, size: int
) -> tuple[NDArray[np.uint8], list[str]]:
    """Return pixels (size, side, side, 3), blank for unreadable images, and the reasons."""
    pixels = np.zeros((size, crop.side, crop.side, 3), np.uint8)
    reasons = [""] * len(batch)
    for number, image in enumerate(batch):
        try:
            pixels[number] = decode(read(image), crop)
        except UnreadableImageError as error:
            reasons[number] = str(error)
        except MissingImageError:
            reasons[number] = "the file is missing"
        except (PermissionError, IsADirectoryError) as error:
            reasons[number] = f"the file cannot be read ({error.strerror})"
        except BadZipFile:
            reasons[number] = "damaged in its archive"
    return pixels, reasons


def _compute_batch(
    pixels: NDArray[np.uint8],
    reasons: list[str],
    backbone: Backbone,
    settings: ExtractionSettings,
) -> Batch:
    with torch.inference_mode():
        images = torch.from_numpy(pixels).to(settings.device)
        outputs = (output.cpu().numpy() for output in backbone(images, settings.pooling))
    count = len(reasons)
    features, logits = (output[:count] for output in outputs)
    with np.errstate(over="ignore"):  # an overflow is reported below
        stored, scores = features.astype(settings.precision), logits.astype(np.float16)
    if not (np.isfinite(stored).all() and np.isfinite(scores).all()):
        raise InputError(
            f"features: expected finite numbers, got others as {settings.precision}; "
            "set features.precision to float32, or use other weights"
        )
    return Batch(stored, scores, reasons)


def _shard(images: Sequence[ImageRow], batches: Sequence[Batch]) -> Shard:
    reasons = [reason for batch in batches for reason in batch.reasons]
    readable = np.array([not reason for reason in reasons], bool)
    pairs = list(zip(images, reasons, strict=True))
    return Shard(
        [Row(image.set, image.image, image.stamp) for image, reason in pairs if not reason],
        np.concatenate([batch.features for batch in batches])[readable],
        np.concatenate([batch.logits for batch in batches])[readable],
        [(image.image, reason) for image, reason in pairs if reason],
    )
