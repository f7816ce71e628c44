"""A backbone of which the last blocks were tuned to a run's own images."""

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

from torch import Tensor, nn

from wordbridge.devise.model_file import read_fitted
from wordbridge.errors import InputError
from wordbridge.images.backbones import Backbone, average, by_name, pooled


def cut_before(body: nn.Module, blocks: int) -> tuple[nn.Sequential, nn.Sequential]:
    """Return a backbone's body in two: all before its last ``blocks`` blocks, and these.

    A block is a bottleneck, or a convolution by itself with its activation. The parts share the
    body's numbers. Raises InputError for 0, and where no block would be left before the cut.
    """
    layers = _layers(body)
    starts = [place for place, layer in enumerate(layers) if list(layer.parameters())]
    if not 0 < blocks < len(starts):
        raise InputError(
            f"features.tuning.blocks: expected 1 to {len(starts) - 1}, as this backbone has "
            f"{len(starts)} blocks, got {blocks}; change it"
        )
    place = starts[-blocks]
    return nn.Sequential(*layers[:place]), nn.Sequential(*layers[place:])


def _layers(body: nn.Module) -> list[nn.Module]:
    """Return the layers of a body in order, those of stages (ResNet's layer4) one by one."""
    if type(body) is not nn.Sequential:  # a subclass is a block
        return [body]
    return [layer for child in body for layer in _layers(child)]


class TunedBackbone(Backbone):
    """Features from ``tuned`` last blocks, class scores from those that the classifier knows.

    What comes before is computed once for both.
    """

    def __init__(self, plain: Backbone, tuned: nn.Sequential, blocks: int):
        super().__init__(plain.body, plain.classifier, plain.preprocessing)
        self.first, self.last = cut_before(plain.body, blocks)
        self.tuned = tuned.eval().requires_grad_(False)

    def forward(self, images: Tensor, pooling: str = "average") -> tuple[Tensor, Tensor]:
        """Return features (batch, width) and class scores (batch, classes), as a backbone does."""
        maps = self.first(self.normalised(images))
        scores: Tensor = self.classifier(average(self.last(maps)))
        return pooled(self.tuned(maps), pooling), scores


def tuned_backbone(plain: Backbone, files: Sequence[str | Path]) -> Backbone:
    """Return ``plain`` with the last blocks that ``tune_backbone`` wrote, or itself without files.

    ``files`` are the numbers and their settings. Raises InputError when they are damaged, or not
    of this network.
    """
    if not files:
        return plain
    model, settings = files
    fitted = read_fitted(model, settings)
    blocks = fitted.description.get("blocks")
    if not isinstance(blocks, int):
        raise InputError(
            f"{settings}: expected the number of tuned blocks, got {blocks!r}; "
            "tune the backbone again"
        )
    tuned = deepcopy(cut_before(plain.body, blocks)[1])
    tuned.load_state_dict(by_name(fitted.tensors, tuned.state_dict(), str(model)))
    return TunedBackbone(plain, tuned, blocks)
