"""Networks that were trained on ImageNet, by name, each with its weights and preprocessing."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from wordbridge.devise.backbone_weights import by_name, by_position, read_weights
from wordbridge.devise.decoding import Square
from wordbridge.devise.efficientnet import SCALES, EfficientNetLite
from wordbridge.devise.folding import fold_norms
from wordbridge.errors import InputError

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
    """How pictures are made ready: the square, and each channel's mean and deviation (0 to 1)."""

    square: Square
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]


class Backbone(nn.Module):
    """Features and class scores of pictures, with what was learned on ImageNet.

    ``body`` makes feature maps (batch, channels, height, width) of normalised pictures,
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

    def forward(self, pictures: Tensor, pooling: str = "average") -> tuple[Tensor, Tensor]:
        """Return features (batch, width) and class scores (batch, classes).

        ``pictures`` are bytes (batch, side, side, 3). With ``pooling`` "concatenated", the
        features are each channel's maximum over the picture, then, as with "average", its mean.
        """
        maps = self.body(self.normalised(pictures))
        scores: Tensor = self.classifier(average(maps))
        return pooled(maps, pooling), scores

    def normalised(self, pictures: Tensor) -> Tensor:
        """Return what the body sees (batch, 3, side, side) of pictures as bytes."""
        # Channels stay last in memory: convolutions on a CPU run faster so.
        seen: Tensor = (pictures.permute(0, 3, 1, 2).float() - self.mean) / self.deviation
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


def classifier_rows(name: str, weights: str | Path) -> tuple[Tensor, Tensor]:
    """Return the weights (classes, channels) and biases of a backbone's last linear layer.

    Raises InputError as ``load_backbone`` does.
    """
    _, classifier = parts(trained_network(name, weights)[0])
    last = [layer for layer in classifier.modules() if isinstance(layer, nn.Linear)][-1]
    return last.weight.detach(), last.bias.detach()


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
