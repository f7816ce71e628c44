"""Features of images: decoding and network side by side, in memory that does not grow."""

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
from wordbridge.images.backbones import POOLINGS, Backbone
from wordbridge.images.decoding import Square, UnreadableImageError, decode
from wordbridge.images.feature_store import Row, Shard
from wordbridge.images.table import GoneImageError, ImageRow
from wordbridge.progress import progress
from wordbridge.training.device import choose_device

PRECISIONS = ("float32", "float16")
WAITING = 2  # batches per thread that are begun before the oldest is done

Item = TypeVar("Item")
Made = TypeVar("Made")
Read = Callable[[ImageRow], bytes]
# What the network is shown of an image and its bytes: an array (side, side, 3).
Show = Callable[[ImageRow, bytes, Square], NDArray[np.uint8]]


def middle(image: ImageRow, data: bytes, cut: Square) -> NDArray[np.uint8]:
    """Return the square out of the middle of an image; raises UnreadableImageError."""
    return decode(data, cut)


class Plan(NamedTuple):
    """How features are made.

    ``precision`` is that of the stored features; the network computes in float32.
    ``threads`` read, decode and, on a CPU, compute; a GPU serves one of them at a time.
    """

    device: torch.device
    pooling: str = "concatenated"
    precision: str = "float32"
    batch_size: int = 4
    threads: int = 1

    @classmethod
    def of(cls, settings: Mapping[str, Any], threads: int) -> "Plan":
        """Return the plan of a rule's settings; raises InputError when there is no such device."""
        return cls(
            choose_device(settings["device"], 1),
            settings["pooling"],
            settings["precision"],
            settings["batch_size"],
            threads,
        )


class Batch(NamedTuple):
    """Features (images, width) and class scores, and "" or the reason why a row is void."""

    features: NDArray[Any]
    logits: NDArray[np.float16]
    reasons: list[str]


def extract(
    images: Sequence[ImageRow], read: Read, backbone: Backbone, plan: Plan, show: Show = middle
) -> Shard:
    """Return the features of ``images`` in their order, and those that no features are of.

    The network always gets ``batch_size`` images, blank ones where some are missing or not
    readable: the last bits depend on how many there are, and else not on which.
    Raises InputError for settings that are none, and when features are no finite numbers.
    """
    _check(plan)
    backbone = backbone.to(plan.device)
    turn = Lock()

    def describe(batch: Sequence[ImageRow]) -> Batch:
        size = plan.batch_size
        shown, reasons = _decoded(batch, read, show, backbone.preprocessing.square, size)
        if plan.device.type == "cpu":
            return _described(shown, reasons, backbone, plan)
        with turn:  # several at once would multiply the memory and gain nothing
            return _described(shown, reasons, backbone, plan)

    # Without images, one batch of blank ones still shows the widths.
    starts = range(0, max(len(images), 1), plan.batch_size)
    batches = [images[start : start + plan.batch_size] for start in starts]
    done = list(progress(in_order(describe, batches, plan.threads), "features", len(batches)))
    return _shard(images, done)


def in_order(make: Callable[[Item], Made], items: Iterable[Item], threads: int) -> Iterator[Made]:
    """Yield ``make(item)`` in the order of ``items``, made in ``threads`` threads.

    Not more than ``WAITING * threads`` are begun and not yet taken. Each thread has torch compute
    without further ones.
    """
    begun: deque[Future[Made]] = deque()
    pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
    try:
        for item in items:
            if len(begun) == WAITING * threads:
                yield begun.popleft().result()
            begun.append(pool.submit(make, item))
        while begun:
            yield begun.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _decoded(
    batch: Sequence[ImageRow], read: Read, show: Show, cut: Square, size: int
) -> tuple[NDArray[np.uint8], list[str]]:
    """Return images (size, side, side, 3), blank where none is readable, and the reasons."""
    shown = np.zeros((size, cut.side, cut.side, 3), np.uint8)
    reasons = [""] * len(batch)
    for number, image in enumerate(batch):
        try:
            shown[number] = show(image, read(image), cut)
        except UnreadableImageError as error:
            reasons[number] = str(error)
        except GoneImageError:
            reasons[number] = "the file is gone"
        except (PermissionError, IsADirectoryError) as error:
            reasons[number] = f"the file cannot be read ({error.strerror})"
        except BadZipFile:
            reasons[number] = "damaged in its archive"
    return shown, reasons


def _described(
    shown: NDArray[np.uint8], reasons: list[str], backbone: Backbone, plan: Plan
) -> Batch:
    with torch.inference_mode():
        images = torch.from_numpy(shown).to(plan.device)
        features, logits = (made.cpu().numpy() for made in backbone(images, plan.pooling))
    count = len(reasons)
    with np.errstate(over="ignore"):  # told below
        stored = features[:count].astype(plan.precision)
        scores = logits[:count].astype(np.float16)
    if not (np.isfinite(stored).all() and np.isfinite(scores).all()):
        raise InputError(
            f"features: expected finite numbers, got others as {plan.precision}; "
            "use float32, or other weights"
        )
    return Batch(stored, scores, reasons)


def _shard(images: Sequence[ImageRow], batches: Sequence[Batch]) -> Shard:
    reasons = [reason for batch in batches for reason in batch.reasons]
    kept = np.array([not reason for reason in reasons], bool)
    told = list(zip(images, reasons, strict=True))
    return Shard(
        [Row(p.set, p.image, p.stamp) for p, reason in told if not reason],
        np.concatenate([batch.features for batch in batches])[kept],
        np.concatenate([batch.logits for batch in batches])[kept],
        [(p.image, reason) for p, reason in told if reason],
    )


def _check(plan: Plan) -> None:
    for name, wanted, known in [
        ("pooling", plan.pooling, POOLINGS),
        ("precision", plan.precision, PRECISIONS),
    ]:
        if wanted not in known:
            raise InputError(f"{name}: expected one of {', '.join(known)}, got {wanted}")
