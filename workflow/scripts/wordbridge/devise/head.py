"""The head of DeViSE: from a picture's features to a word vector (Frome et al. 2013, section 3)."""

from torch import Tensor, nn

from wordbridge.devise.head_settings import HeadSettings
from wordbridge.translation.weights import weights_of


class Head(nn.Module):
    """Batch norm, dropout and linear, with ReLU between, as often as there are layers."""

    def __init__(self, settings: HeadSettings, width: int, outputs: int) -> None:
        super().__init__()
        widths, layers = [width, *settings.hidden, outputs], list[nn.Module]()
        for place, dropout in enumerate(settings.dropouts):
            if place:
                layers.append(nn.ReLU())
            if settings.batch_norm:
                layers.append(nn.BatchNorm1d(widths[place]))
            layers += [nn.Dropout(dropout), _linear(widths[place], widths[place + 1])]
        self.layers = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        """Return vectors (batch, outputs) for features (batch, width)."""
        made: Tensor = self.layers(features)
        return made

    def freeze_statistics(self) -> None:
        """Let batch norms use their running statistics in training too (fastai's bn_freeze)."""
        for layer in self.layers:
            if isinstance(layer, nn.BatchNorm1d):
                layer.eval()


def _linear(width: int, outputs: int) -> nn.Linear:
    layer = nn.Linear(width, outputs)
    nn.init.kaiming_normal_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Kept(nn.Module):
    """All numbers of ``model`` as parameters, which share its memory.

    What saves and restores the parameters of a model then does so with the running statistics
    of its batch norms as well. Make it after the model has moved to its device.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        for name, value in [*model.named_parameters(), *model.named_buffers()]:
            shared = nn.Parameter(value.detach(), requires_grad=False)
            self.register_parameter(name.replace(".", "/"), shared)


def kept_weights(model: nn.Module) -> dict[str, Tensor]:
    """Return copies of all numbers of ``model``, by the names that ``Kept`` gives them."""
    return weights_of(Kept(model))
