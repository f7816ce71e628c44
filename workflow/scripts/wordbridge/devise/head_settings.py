"""Settings of a picture head and of its training, as plain frozen values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, TypeVar

from wordbridge.errors import InputError
from wordbridge.translation.settings import ScheduleSettings


@dataclass(frozen=True)
class HeadSettings:
    """The network from features to vectors; the defaults are the lesson's.

    ``hidden`` has the width of each hidden layer, and none makes the head linear; ``dropouts``
    has one probability before each layer, the last one among them. With ``residual`` the
    network's output is added to ConSE's prediction and begins as nothing; ConSE's prediction,
    of length 1, is made up to ``trust`` times as long where the classifier is sure.
    """

    hidden: tuple[int, ...] = (1024,)
    dropouts: tuple[float, ...] = (0.2, 0.2)
    batch_norm: bool = True
    residual: bool = False
    trust: float = 1.0


@dataclass(frozen=True)
class TargetSettings:
    """What the head is trained to say.

    ``distillation`` is the part of ConSE's prediction in a picture's target, the noun's vector
    is the rest; ``conse_top`` is how many classes ConSE combines. ``unlabelled`` lets pictures
    of the train part take part whose noun has no vector, with ConSE's prediction as target.
    ``classifier_weight`` is the weight in the loss of each row of the backbone's classifier, 0 for
    none, where a drawing weighs 1 and a photograph ``photo_weight``. ``classifier_features``
    says how a row becomes features, see classifier_points.py.
    """

    distillation: float = 0.0
    conse_top: int = 10
    unlabelled: bool = False
    photo_weight: float = 1.0
    classifier_weight: float = 0.0
    classifier_features: Literal["scaled", "discriminant"] = "scaled"


@dataclass(frozen=True)
class LossSettings:
    """The loss and, for hinge_rank, its margin and how many negatives (None: all) a batch has."""

    kind: Literal["cosine", "l1", "hinge_rank", "softmax"] = "cosine"
    margin: float = 0.1  # Frome et al. 2013, section 3.2
    negatives: int | None = None


@dataclass(frozen=True)
class TrainingSettings:
    """Everything about the optimisation but the data and the seed; the lesson's first run.

    After ``freeze_statistics`` epochs the batch norms keep their running statistics, as after
    the lesson's bn_freeze. ``patience`` (epochs without a better one) ends a training early.
    """

    epochs: int = 20
    learning_rate: float = 1e-2
    batch_size: int = 256
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 1e-7
    freeze_statistics: int | None = None
    select: Literal["last", "valid_loss"] = "valid_loss"
    patience: int | None = None
    save_seconds: float = 120.0


@dataclass(frozen=True)
class Settings:
    """One variant: head, targets, loss, learning-rate schedule and training."""

    head: HeadSettings
    targets: TargetSettings
    loss: LossSettings
    schedule: ScheduleSettings
    training: TrainingSettings

    def as_dict(self) -> dict[str, Any]:
        """Return plain nested values for JSON."""
        return asdict(self)

    def saving_every(self, seconds: float | None) -> "Settings":
        """Return these settings with another time between two saves; None leaves it."""
        if seconds is None:
            return self
        return replace(self, training=replace(self.training, save_seconds=seconds))


Block = TypeVar(
    "Block", HeadSettings, TargetSettings, LossSettings, ScheduleSettings, TrainingSettings
)


def _block(kind: type[Block], values: Mapping[str, Any]) -> Block:
    known = {field.name for field in fields(kind)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise InputError(
            f"{kind.__name__}: expected settings among {', '.join(sorted(known))}, "
            f"got {', '.join(unknown)}; correct the variant, or train it again with this code"
        )
    plain = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
    made: Any = plain
    return kind(**made)


def settings_from(values: Mapping[str, Any]) -> Settings:
    """Return the settings that a variant's block of the configuration describes.

    Raises InputError for a setting that there is not, for another number of dropouts than of
    layers, and for a classifier that is asked to correct ConSE's vectors.
    """
    settings = Settings(
        head=_block(HeadSettings, values.get("head", {})),
        targets=_block(TargetSettings, values.get("targets", {})),
        loss=_block(LossSettings, values.get("loss", {})),
        schedule=_block(ScheduleSettings, values.get("schedule", {})),
        training=_block(TrainingSettings, values.get("training", {})),
    )
    layers, dropouts = len(settings.head.hidden) + 1, len(settings.head.dropouts)
    if layers != dropouts:
        raise InputError(
            f"head: expected a dropout for each of {layers} layers, got {dropouts}; "
            "give one per hidden layer and one for the last layer"
        )
    if settings.head.residual and settings.loss.kind == "softmax":
        raise InputError(
            "head: expected residual: false with the softmax loss, whose outputs are no vectors, "
            "got true; correct the variant"
        )
    return settings
