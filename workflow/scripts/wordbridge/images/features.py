"""Features of images: decoding and network run in parallel, in constant memory."""

import errno
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import Any, TypeVar
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

# Errors that concern one file; others may concern a whole disk, and end the job.
_FILE_ERRORS = {errno.EACCES, errno.EPERM, errno.EISDIR, errno.EIO, errno.ELOOP, errno.ENAMETOOLONG}
PENDING = 2  # batches per thread that are submitted before the oldest result is used

Item = TypeVar("Item")
Result = TypeVar("Result")
Read = Callable[[ImageRow], bytes]


def extract_features(
    images: Sequence[ImageRow],
    read: Read,
    backbone: Backbone,
    settings: Mapping[str, Any],
    device: torch.device,
) -> Shard:
    """Return the features of ``images`` in their order, and the images without features.

    ``settings``: ``pooling``, one of the backbone's; ``precision`` of the stored features (the
    network computes in float32); ``batch_size``; ``threads``, which read, decode and, on a CPU,
    compute. A GPU serves one thread at a time.

    A batch always has ``batch_size`` images, blank ones for missing and unreadable images: the
    last bits depend on the size of a batch, but not on the other images in it. Raises InputError
    for features that are not finite.
    """
    backbone, size = backbone.to(device), settings["batch_size"]
    # On a GPU several batches at once need more memory and are not faster.
    lock: AbstractContextManager[Any] = nullcontext() if device.type == "cpu" else Lock()

    def compute(batch: Sequence[ImageRow]) -> tuple[list[str], NDArray[Any], NDArray[np.float16]]:
        pixels, reasons = _decode(batch, read, backbone.preprocessing.crop, size)
        with lock, torch.inference_mode():
            outputs = backbone(torch.from_numpy(pixels).to(device), settings["pooling"])
            features, logits = (output[: len(batch)].cpu().numpy() for output in outputs)
        return reasons, *_stored(features, logits, settings["precision"])

    # Without images, one batch of blank ones still gives the widths.
    starts = range(0, max(len(images), 1), size)
    batches = [images[start : start + size] for start in starts]
    results = map_in_order(compute, batches, settings["threads"])
    reasons: list[str] = []
    features, logits = [], []
    for batch_reasons, batch_features, batch_logits in progress(results, "features", len(batches)):
        reasons += batch_reasons
        features.append(batch_features)
        logits.append(batch_logits)
    rows, failures = [], []
    for image, reason in zip(images, reasons, strict=True):
        if reason:
            failures.append((image.image, reason))
        else:
            rows.append(Row(image.set, image.image, image.stamp))
    readable = np.array([not reason for reason in reasons], bool)
    return Shard(
        rows, np.concatenate(features)[readable], np.concatenate(logits)[readable], failures
    )


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


def _decode(
    batch: Sequence[ImageRow], read: Read, crop: CenterCrop, size: int
) -> tuple[NDArray[np.uint8], list[str]]:
    """Return pixels (size, side, side, 3), blank for unreadable images, and a reason or "" each."""
    pixels = np.zeros((size, crop.side, crop.side, 3), np.uint8)
    reasons = [""] * len(batch)
    for number, image in enumerate(batch):
        try:
            pixels[number] = decode(read(image), crop)
        except UnreadableImageError as error:
            reasons[number] = str(error)
        except MissingImageError:
            reasons[number] = "the file is missing"
        except OSError as error:
            if error.errno not in _FILE_ERRORS:
                raise
            reasons[number] = f"the file cannot be read ({error.strerror})"
        except BadZipFile:
            reasons[number] = "damaged in its archive"
    return pixels, reasons


def _stored(
    features: NDArray[np.float32], logits: NDArray[np.float32], precision: str
) -> tuple[NDArray[Any], NDArray[np.float16]]:
    """Return the features as ``precision`` and the logits as float16.

    Raises InputError for numbers that are not finite.
    """
    with np.errstate(over="ignore"):  # an overflow is reported below
        stored = features.astype(precision), logits.astype(np.float16)
    if not all(np.isfinite(array).all() for array in stored):
        raise InputError(
            f"features: expected finite numbers, got others as {precision}; "
            "set features.precision to float32, or use other weights"
        )
    return stored
