"""ImageNet backbones: EfficientNet-Lite and torchvision's networks, with the weights of a file."""

from collections.abc import Mapping
from pathlib import Path
from textwrap import shorten
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from wordbridge.errors import InputError
from wordbridge.images.decoding import CenterCrop
from wordbridge.images.efficientnet import SCALES, EfficientNetLite

POOLINGS = ("concatenated", "average")
# The networks of torchvision that compute logits from the averaged feature map alone.
TORCHVISION = (
    *(f"resnet{layers}" for layers in (18, 34, 50, 101, 152)),
    *("resnext50_32x4d", "resnext101_32x8d", "wide_resnet50_2", "wide_resnet101_2"),
    *("mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small"),
    *(f"efficientnet_b{scale}" for scale in range(8)),
)
BACKBONES = (*SCALES, *TORCHVISION)


class Preprocessing(NamedTuple):
    """The crop of an image, and the mean and standard deviation of each channel (0 to 1)."""

    crop: CenterCrop
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


class Backbone(nn.Module):
    """Network that computes features and ImageNet logits of images.

    ``body`` maps normalized images to feature maps (batch, channels, height, width);
    ``classifier`` maps the average of each channel (batch, channels) to logits.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, body: nn.Module, classifier: nn.Module, preprocessing: Preprocessing):
        super().__init__()
        self.body, self.classifier, self.preprocessing = body, classifier, preprocessing
        self.register_buffer("mean", 255 * torch.tensor(preprocessing.mean).view(1, 3, 1, 1))
        self.register_buffer("std", 255 * torch.tensor(preprocessing.std).view(1, 3, 1, 1))
        self.eval().requires_grad_(False)

    def forward(self, images: Tensor, pooling: str = "average") -> tuple[Tensor, Tensor]:
        """Return features (batch, width) and logits (batch, classes) of uint8 images.

        ``images`` has the shape (batch, side, side, 3). ``pooling`` is one of ``POOLINGS``.
        """
        normalized = (images.permute(0, 3, 1, 2).float() - self.mean) / self.std
        maps = self.body(normalized)  # in the channels-last format
        return pool(maps, pooling), self.classifier(pool(maps))


def pool(maps: Tensor, pooling: str = "average") -> Tensor:
    """Return the mean of each channel (batch, channels).

    "concatenated" puts the maximum of each channel before the means (batch, 2 * channels).
    """
    mean = maps.mean(dim=(2, 3))
    return mean if pooling == "average" else torch.cat([maps.amax(dim=(2, 3)), mean], dim=1)


def load_backbone(name: str, weights: str | Path, short_side: int | None = None) -> Backbone:
    """Return a backbone with the weights of a file, its batch norms fused.

    ``short_side`` is the length of an image's short side in pixels before the crop, by default the
    length with which the network was evaluated. Raises InputError if the name is unknown, the file
    belongs to another network, or ``short_side`` is smaller than the crop.
    """
    body, classifier, preprocessing = load_network(name, weights)
    fuse_norms(body)
    crop = preprocessing.crop
    if short_side is not None and short_side < crop.side:
        raise InputError(
            f"short_side of {name}: expected at least {crop.side} pixels, got {short_side}; "
            "set more, or null for the network's default"
        )
    crop = crop._replace(short_side=short_side or crop.short_side)
    return Backbone(body, classifier, preprocessing._replace(crop=crop))


def load_network(name: str, weights: str | Path) -> tuple[nn.Module, nn.Module, Preprocessing]:
    """Return the body, the classifier and the preprocessing of a network in evaluation mode.

    Raises InputError as ``load_backbone`` does.
    """
    if name not in BACKBONES:
        raise InputError(f"backbone {name}: expected one of {', '.join(BACKBONES)}")
    network, preprocessing = _efficientnet_lite(name) if name in SCALES else _torchvision(name)
    source = f"{weights} as {name}"
    tensors = read_weights(weights)
    if name in SCALES:
        tensors = _by_position(tensors, list(network.state_dict()), source)
    try:
        network.eval().load_state_dict(tensors)
    except RuntimeError as error:
        raise _fault(source, shorten(str(error).partition("\n")[2], 200)) from None
    *layers, classifier = network.children()
    # A ResNet has no module of its features: all layers before the pooling compute them.
    body = getattr(network, "features", None) or nn.Sequential(*layers[:-1])
    return body, classifier, preprocessing


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file, or of a state dict saved by ``torch.save``.

    Only tensors are unpickled. Raises InputError if the file has other contents.
    """
    try:
        with Path(path).open("rb") as file:
            # A safetensors file begins with the eight bytes of a length, and JSON.
            is_safetensors = file.read(9)[8:] == b"{"
        state = load_file(path) if is_safetensors else torch.load(path, "cpu", weights_only=True)
    except Exception as error:  # torch raises many types for damaged files
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise _fault(path, f"no weights can be read ({first})") from None
    if not isinstance(state, Mapping) or not all(isinstance(v, Tensor) for v in state.values()):
        raise _fault(path, "expected a dictionary of tensors, got other objects")
    return dict(state)


def fuse_norms(module: nn.Module) -> None:
    """Fuse each batch norm into the convolution before it, in place.

    The outputs in evaluation mode stay the same up to rounding; the inference is faster.
    """
    previous_name, previous = "", module
    for name, child in list(module.named_children()):
        if isinstance(previous, nn.Conv2d) and isinstance(child, nn.BatchNorm2d):
            setattr(module, previous_name, fuse_conv_bn_eval(previous, child))
            setattr(module, name, nn.Identity())
        else:
            fuse_norms(child)
        previous_name, previous = name, child


def _by_position(tensors: Mapping[str, Tensor], names: list[str], source: str) -> dict[str, Tensor]:
    """Return the tensors of an EfficientNet-Lite file by the ``names`` of ours, in equal order."""
    kinds = [name.rpartition(".")[2] for name in tensors]
    expected = [name.rpartition(".")[2] for name in names]
    if kinds != expected:
        raise _fault(source, f"expected {len(names)} tensors in order, got {len(kinds)} others")
    return dict(zip(names, tensors.values(), strict=True))


def _fault(source: str | Path, reason: str) -> InputError:
    return InputError(f"{source}: {reason}; use the weights of the configured backbone")


def _torchvision(name: str) -> tuple[nn.Module, Preprocessing]:
    from torchvision import models  # takes a second; EfficientNet-Lite does not need it

    transforms: Any = models.get_model_weights(name)["IMAGENET1K_V1"].transforms()
    side, short_side = transforms.crop_size[0], transforms.resize_size[0]
    crop = CenterCrop(side, short_side, transforms.interpolation.value)
    mean, std = tuple(transforms.mean), tuple(transforms.std)
    return models.get_model(name), Preprocessing(crop, mean, std)


def _efficientnet_lite(name: str) -> tuple[nn.Module, Preprocessing]:
    side, half = SCALES[name][2], (0.5, 0.5, 0.5)
    return EfficientNetLite(name), Preprocessing(CenterCrop(side, side + 32, "bicubic"), half, half)
