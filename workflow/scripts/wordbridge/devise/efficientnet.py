"""EfficientNet-Lite: the mobile classifier whose weights the registries have.

Blocks, widths and depths are those of Tan and Le, "EfficientNet" (ICML 2019), Table 1, with what
its Lite edition changes: no squeeze and excitation, ReLU6 for swish, and a stem, head, first and
last stage that stay the same whatever the width and depth.
"""

from collections.abc import Iterator, Mapping
from math import ceil
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

STEM = 32  # channels
WIDTH = 1280  # channels of the last feature map
CLASSES = 1000
NORM_EPS = 1e-3  # TensorFlow's, which the weights were trained with


class Scale(NamedTuple):
    """How much wider and deeper than Lite0 a network is, and the side of its pictures in pixels."""

    width: float
    depth: float
    side: int


SCALES: Mapping[str, Scale] = {
    "efficientnet_lite0": Scale(1.0, 1.0, 224),
    "efficientnet_lite1": Scale(1.0, 1.1, 240),
    "efficientnet_lite2": Scale(1.1, 1.2, 260),
}


class Stage(NamedTuple):
    """Blocks of one kind; only the first of them has the stride."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


class SameConv(nn.Conv2d):
    """Convolution without bias whose output has ceil(side / stride) pixels a side.

    Where the zeros around the picture are odd in number, the one more is on the right and at the
    bottom, as in TensorFlow.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1):
        # With stride 1 both sides get the same, which the convolution does faster by itself.
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)

    def forward(self, picture: Tensor) -> Tensor:
        """Return (batch, outputs, height, width) of (batch, inputs, height, width)."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        if stride > 1:
            height, width = (_zeros(side, kernel, stride) for side in picture.shape[2:])
            around = (width // 2, width - width // 2, height // 2, height - height // 2)
            picture = F.pad(picture, around)
        return super().forward(picture)


def _zeros(side: int, kernel: int, stride: int) -> int:
    """Return how many zeros a side needs in all."""
    return max((ceil(side / stride) - 1) * stride + kernel - side, 0)


class ConvNorm(nn.Sequential):
    """Convolution, batch normalisation and, if ``active``, ReLU6."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        active: bool = True,
    ):
        layers = [
            SameConv(inputs, outputs, kernel, stride, groups),
            nn.BatchNorm2d(outputs, eps=NORM_EPS),
        ]
        super().__init__(*layers, *([nn.ReLU6(inplace=True)] if active else []))


class Block(nn.Module):
    """Inverted bottleneck: expansion, convolution of each channel by itself, projection."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        inner = inputs * expansion
        expand = [ConvNorm(inputs, inner)] if expansion > 1 else []
        self.layers = nn.Sequential(
            *expand,
            ConvNorm(inner, inner, kernel, stride, groups=inner),
            ConvNorm(inner, outputs, active=False),
        )
        self.adds = stride == 1 and inputs == outputs

    def forward(self, picture: Tensor) -> Tensor:
        """Return (batch, outputs, height / stride, width / stride)."""
        changed: Tensor = self.layers(picture)
        return changed + picture if self.adds else changed


class EfficientNetLite(nn.Module):
    """Feature maps and class scores; ``name`` is one of ``SCALES``.

    The state dicts of the registry packages have the same tensors in the same order.
    """

    def __init__(self, name: str):
        super().__init__()
        scale = SCALES[name]
        self.features = nn.Sequential(
            ConvNorm(3, STEM, 3, 2),
            *_blocks(scale),
            ConvNorm(_scaled(STAGES[-1].channels, scale.width), WIDTH),
        )
        self.classifier = nn.Linear(WIDTH, CLASSES)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return class scores (batch, 1000) of normalised pictures (batch, 3, side, side)."""
        scores: Tensor = self.classifier(self.features(pictures).mean(dim=(2, 3)))
        return scores


def _blocks(scale: Scale) -> Iterator[Block]:
    inputs = STEM
    for number, stage in enumerate(STAGES):
        ends = number in (0, len(STAGES) - 1)
        outputs = _scaled(stage.channels, scale.width)
        for repeat in range(stage.blocks if ends else ceil(stage.blocks * scale.depth)):
            stride = stage.stride if repeat == 0 else 1
            yield Block(inputs, outputs, stage.kernel, stride, stage.expansion)
            inputs = outputs


def _scaled(channels: int, width: float) -> int:
    """Return ``channels`` times ``width``, the nearest multiple of 8 not 10 % below it."""
    wanted = channels * width
    multiple = max(8, int(wanted + 4) // 8 * 8)
    return multiple + 8 if multiple < 0.9 * wanted else multiple
