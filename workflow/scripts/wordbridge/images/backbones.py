"""The weights of a backbone, from a file to the names of its network.

Batch normalisation that costs nothing once a network is trained.

EfficientNet-Lite: the mobile classifier whose weights the registries have.

Blocks, widths and depths are those of Tan and Le, "EfficientNet" (ICML 2019), Table 1, with what
its Lite edition changes: no squeeze and excitation, ReLU6 for swish, and a stem, head, first and
last stage that stay the same whatever the width and depth.

Networks that were trained on ImageNet, by name, each with its weights and preprocessing.
"""

from collections.abc import Iterator, Mapping
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from wordbridge.errors import InputError
from wordbridge.images.decoding import Square


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file or of a state dict that ``torch.save`` wrote.

    Nothing is unpickled but tensors. Raises InputError when there are none to read.
    """
    try:
        with Path(path).open("rb") as file:
            safe = file.read(9)[8:] == b"{"  # after eight bytes of length comes JSON
        if safe:
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises of every kind when bytes are damaged
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise _fault(path, f"no weights can be read ({first})") from None
    if not isinstance(state, Mapping) or not all(isinstance(v, Tensor) for v in state.values()):
        raise _fault(path, "expected a dictionary of tensors, got other objects")
    return dict(state)


def by_name(
    given: Mapping[str, Tensor], wanted: Mapping[str, Tensor], what: str
) -> dict[str, Tensor]:
    """Return ``given`` after a check that names and shapes are those ``wanted``.

    Raises InputError with ``what`` in front.
    """
    given = _without_counts(given)
    wanted = _without_counts(wanted)
    for name in sorted(given.keys() | wanted.keys()):
        shapes = [tuple(t[name].shape) if name in t else None for t in (wanted, given)]
        if shapes[0] != shapes[1]:
            raise _fault(what, f"{name}: expected shape {shapes[0]}, got {shapes[1]}")
    return dict(given)


def by_position(
    given: Mapping[str, Tensor], wanted: Mapping[str, Tensor], what: str
) -> dict[str, Tensor]:
    """Return ``given`` under the names ``wanted``, in their order.

    Number, shapes and the last parts of the names ("weight", "running_mean") must agree: files
    whose tensors were sorted are refused. Raises InputError with ``what`` in front.
    """
    given = _without_counts(given)
    wanted = _without_counts(wanted)
    if len(given) != len(wanted):
        raise _fault(what, f"expected {len(wanted)} tensors, got {len(given)}")
    pairs = zip(wanted.items(), given.items(), strict=True)
    for (name, like), (other, tensor) in pairs:
        if like.shape != tensor.shape or _last(name) != _last(other):
            expected = f"{name} of shape {tuple(like.shape)}"
            raise _fault(what, f"expected {expected}, got {other} of {tuple(tensor.shape)}")
    return dict(zip(wanted, given.values(), strict=True))


def _without_counts(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    # Old files lack them, and only training uses them.
    return {n: t for n, t in tensors.items() if _last(n) != "num_batches_tracked"}


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _fault(what: str | Path, reason: str) -> InputError:
    return InputError(f"{what}: {reason}; name the weights of the configured backbone")


def fold_norms(module: nn.Module) -> None:
    """Put every batch normalisation into the convolution just before it, in place.

    A network in evaluation mode then gives the same but for rounding, in about two thirds of
    the time.
    """
    before: nn.Module | None = None
    for name, child in list(module.named_children()):
        if isinstance(child, nn.BatchNorm2d) and isinstance(before, nn.Conv2d):
            _fold(before, child)
            setattr(module, name, nn.Identity())
        else:
            fold_norms(child)
        before = child


def _fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    bias = 0.0 if convolution.bias is None else convolution.bias.double()
    shifted = norm.bias.double() + (bias - norm.running_mean.double()) * scale
    scaled = convolution.weight.double() * scale.view(-1, 1, 1, 1)
    convolution.weight = nn.Parameter(scaled.float(), requires_grad=False)
    convolution.bias = nn.Parameter(shifted.float(), requires_grad=False)


STEM = 32  # channels
WIDTH = 1280  # channels of the last feature map
CLASSES = 1000
NORM_EPS = 1e-3  # TensorFlow's, which the weights were trained with


class Scale(NamedTuple):
    """How much wider and deeper than Lite0 a network is, and the side of its images in pixels."""

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

    Where the zeros around the image are odd in number, the one more is on the right and at the
    bottom, as in TensorFlow.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1):
        # With stride 1 both sides get the same, which the convolution does faster by itself.
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)

    def forward(self, image: Tensor) -> Tensor:
        """Return (batch, outputs, height, width) of (batch, inputs, height, width)."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        if stride > 1:
            height, width = (_zeros(side, kernel, stride) for side in image.shape[2:])
            around = (width // 2, width - width // 2, height // 2, height - height // 2)
            image = F.pad(image, around)
        return super().forward(image)


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

    def forward(self, image: Tensor) -> Tensor:
        """Return (batch, outputs, height / stride, width / stride)."""
        changed: Tensor = self.layers(image)
        return changed + image if self.adds else changed


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

    def forward(self, images: Tensor) -> Tensor:
        """Return class scores (batch, 1000) of normalised images (batch, 3, side, side)."""
        scores: Tensor = self.classifier(self.features(images).mean(dim=(2, 3)))
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


POOLINGS = ("concatenated", "average")
# Of torchvision's, those whose class scores come from the averaged feature map alone.
TORCHVISION = (
    *(f"resnet{layers}" for layers in (18, 34, 50, 101, 152)),
    *("resnext50_32x4d", "resnext101_32x8d", "wide_resnet50_2", "wide_resnet101_2"),
    *("mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small"),
    *(f"efficientnet_b{scale}" for scale in range(8)),
)
BACKBONES = (*SCALES, *TORCHVISION)
LITE_SHORT_SIDE = 32  # pixels more than the square's, as in the evaluation of EfficientNet


class Preprocessing(NamedTuple):
    """How images are made ready: the square, and each channel's mean and deviation (0 to 1)."""

    square: Square
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]


class Backbone(nn.Module):
    """Features and class scores of images, with what was learned on ImageNet.

    ``body`` makes feature maps (batch, channels, height, width) of normalised images,
    ``classifier`` makes class scores of their averages (batch, channels).
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, body: nn.Module, classifier: nn.Module, preprocessing: Preprocessing):
        super().__init__()
        self.body = body
        self.classifier = classifier
        self.preprocessing = preprocessing
        for name in ("mean", "deviation"):
            values = torch.tensor(getattr(preprocessing, name)).view(1, 3, 1, 1)
            self.register_buffer(name, 255 * values)
        self.eval().requires_grad_(False)

    def forward(self, images: Tensor, pooling: str = "average") -> tuple[Tensor, Tensor]:
        """Return features (batch, width) and class scores (batch, classes).

        ``images`` are bytes (batch, side, side, 3). With ``pooling`` "concatenated", the
        features are each channel's maximum over the image, then, as with "average", its mean.
        """
        maps = self.body(self.normalised(images))
        scores: Tensor = self.classifier(average(maps))
        return pooled(maps, pooling), scores

    def normalised(self, images: Tensor) -> Tensor:
        """Return what the body sees (batch, 3, side, side) of images as bytes."""
        # Channels stay last in memory: convolutions on a CPU run faster so.
        seen: Tensor = (images.permute(0, 3, 1, 2).float() - self.mean) / self.deviation
        return seen


def average(maps: Tensor) -> Tensor:
    """Return each channel's mean (batch, channels) over feature maps."""
    return maps.mean(dim=(2, 3))


def pooled(maps: Tensor, pooling: str) -> Tensor:
    """Return the features (batch, width) that ``pooling`` makes of feature maps."""
    if pooling == "average":
        return average(maps)
    return torch.cat([maps.amax(dim=(2, 3)), average(maps)], dim=1)


def load_backbone(name: str, weights: str | Path, short_side: int | None = None) -> Backbone:
    """Return the backbone ``name`` (one of ``BACKBONES``) with the weights of a file.

    ``short_side`` in pixels replaces what the network was evaluated with; the lesson's is 224.
    Raises InputError for a name that is none, and for a file that is not this network's.
    """
    network, preprocessing = trained_network(name, weights)
    fold_norms(network)
    if short_side is not None:
        cut = preprocessing.square
        if short_side < cut.side:
            raise InputError(
                f"short_side of {name}: expected at least {cut.side} pixels, got {short_side}; "
                "name more, or none for the network's own"
            )
        preprocessing = preprocessing._replace(square=cut._replace(short_side=short_side))
    backbone = Backbone(*parts(network), preprocessing)
    return backbone.to(memory_format=torch.channels_last)


def trained_network(name: str, weights: str | Path) -> tuple[nn.Module, Preprocessing]:
    """Return a whole network as it was built, in evaluation mode, and its preprocessing.

    Raises InputError as ``load_backbone`` does.
    """
    if name not in BACKBONES:
        raise InputError(f"backbone {name}: expected one of {', '.join(BACKBONES)}")
    network, preprocessing = _lite(name) if name in SCALES else _of_torchvision(name)
    match = by_position if name in SCALES else by_name
    tensors = match(read_weights(weights), network.state_dict(), f"{weights} as {name}")
    network.load_state_dict(tensors)
    return network.eval(), preprocessing


def parts(network: nn.Module) -> tuple[nn.Module, nn.Module]:
    """Return what makes the feature maps, and what makes class scores of their averages."""
    children = dict(network.named_children())
    if "features" in children:
        return children["features"], children["classifier"]
    layers = [layer for name, layer in children.items() if name not in ("avgpool", "fc")]
    return nn.Sequential(*layers), children["fc"]


def _lite(name: str) -> tuple[nn.Module, Preprocessing]:
    side = SCALES[name].side
    half = (0.5, 0.5, 0.5)
    square = Square(side, side + LITE_SHORT_SIDE, "bicubic")
    return EfficientNetLite(name), Preprocessing(square, half, half)


def _of_torchvision(name: str) -> tuple[nn.Module, Preprocessing]:
    from torchvision import models  # half a second that the default backbone does not take

    network: nn.Module = models.get_model(name, weights=None)
    given: Any = models.get_model_weights(name)["IMAGENET1K_V1"].transforms()
    square = Square(given.crop_size[0], given.resize_size[0], given.interpolation.value)
    return network, Preprocessing(square, tuple(given.mean), tuple(given.std))
