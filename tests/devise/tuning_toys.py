"""Images of toy nouns, and a network that is small enough to be tuned in a moment."""

import io
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from tests.devise import head_toys
from tests.devise.head_toys import PER_NOUN, Store, nouns
from wordbridge.devise.training import Sources
from wordbridge.images.backbones import Backbone, Preprocessing
from wordbridge.images.decoding import Square
from wordbridge.images.features import Plan, extract
from wordbridge.images.table import ImageRow

SIDE, CHANNELS, CLASSES = 12, 5, 8
CPU = torch.device("cpu")


class Step(nn.Sequential):
    """Convolution, statistics that are not folded, activation: one block."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__(
            nn.Conv2d(inputs, outputs, 3), nn.BatchNorm2d(outputs), nn.ReLU6(inplace=True)
        )


def backbone(seed: int = 4) -> Backbone:
    """Return a network of three blocks, the last two of which are in a stage."""
    torch.manual_seed(seed)
    body = nn.Sequential(Step(3, 9), nn.Sequential(Step(9, 7), Step(7, CHANNELS)))
    for norm in body.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.running_mean.normal_(0, 0.1)
            norm.running_var.uniform_(0.1, 0.3)
    preprocessing = Preprocessing(Square(SIDE, SIDE + 2, "bilinear"), (0.5,) * 3, (0.5,) * 3)
    made = Backbone(body, nn.Linear(CHANNELS, CLASSES), preprocessing)
    return made.to(memory_format=torch.channels_last)


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def read(image: ImageRow) -> bytes:
    """Return an image of its noun's own colours with some noise, one pixel wider than high."""
    place = int(image.image)
    colours = np.random.default_rng(place // PER_NOUN).integers(40, 216, (3, 4, 3))
    pixels = colours.repeat(6, axis=0).repeat(5, axis=1)[:, :19]
    noise = np.random.default_rng([7, place]).integers(-40, 40, pixels.shape)
    return png((pixels + noise).astype(np.uint8))


def sources() -> Sources:
    """Return the images of the toy heads with their features."""
    images = head_toys.sources().images
    made = extract(images, read, backbone(), Plan(CPU))
    store = Store([(row.set, row.image) for row in made.rows], made.features, made.logits)
    return Sources(store, images, nouns())


def block(augmentation: dict[str, Any] | None = None, **tuning: Any) -> dict[str, Any]:
    """Return the settings of a short tuning, changed by ``tuning``."""
    drawn = {"seed": 3, "smallest": 0.6, "stretch": 1.2, "flips": True}
    own = {
        "blocks": 1,
        "seed": 5,
        "augment": True,
        "dropout": 0.1,
        "loss": {"kind": "contrastive", "temperature": 0.1},
        "schedule": {},
        "map_epochs": 2,
        "map_learning_rate": 0.03,
        "epochs": 2,
        "learning_rate": 0.003,
        "batch_size": 16,
        "weight_decay": 1e-4,
    }
    features = {"backbone": "toy", "short_side": None, "pooling": "concatenated"}
    run = {"device": "cpu", "threads": 1}
    return {**features, **run, "tuning": own | tuning, "augmentation": augmentation or drawn}
