"""Settings of an image head and of its training, as plain frozen values."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from wordbridge.errors import InputError
from wordbridge.training.loop import LoopSettings
from wordbridge.training.schedules import ScheduleSettings

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Block = TypeVar("Block", bound="DataclassInstance")


@dataclass(frozen=True)
class HeadSettings:
    """The network from features to vectors; the defaults are the lesson's.

    ``hidden`` has the width of each hidden layer, and none makes the head linear; ``dropouts``
    has one probability before each layer, the last one among them.
    """

    hidden: tuple[int, ...] = (1024,)
    dropouts: tuple[float, ...] = (0.2, 0.2)
    batch_norm: bool = True


@dataclass(frozen=True)
class ClassifierSettings:
    """What the backbone's own classifier says beside the trained head, see second_voice.py.

    ``weight`` is the most that it may weigh beside the head's 1; with 0 it is not asked. ``top``
    classes are combined at ``temperature``. How much it weighs depends on how sure it is and on
    the image being a photograph, of which the train split's kinds are examples: ``photo_odds``
    is how many times likelier a photograph is than there, ``photo_penalty`` weighs the squares
    of the numbers that tell the kinds apart.
    """

    weight: float = 0.0
    top: int = 10
    temperature: float = 0.07
    photo_odds: float = 1.0
    photo_penalty: float = 0.1


@dataclass(frozen=True)
class LossSettings:
    """The loss; ``margin`` is of hinge_rank, ``temperature`` of contrastive.

    Both compare a batch with so many ``negatives``, None for all.
    """

    kind: Literal["cosine", "l1", "hinge_rank", "contrastive", "softmax"] = "cosine"
    margin: float = 0.1  # Frome et al. 2013, section 3.2
    temperature: float = 0.1
    negatives: int | None = None


@dataclass(frozen=True)
class TrainingSettings(LoopSettings):
    """Everything about the optimisation but the data and the seed; the lesson's first run.

    After ``freeze_statistics`` epochs the batch norms keep their running statistics, as after
    the lesson's bn_freeze. ``patience`` (epochs without a better one) ends a training early.
    """

    epochs: int = 20
    learning_rate: float = 1e-2
    batch_size: int = 256
    betas: Sequence[float] = (0.9, 0.99)
    weight_decay: float = 1e-7
    freeze_statistics: int | None = None
    keep_epoch: Literal["last", "valid_loss"] = "valid_loss"
    patience: int | None = None
    checkpoint_seconds: float = 120.0


@dataclass(frozen=True)
class Settings:
    """One variant: head, classifier beside it, loss, learning rates and training."""

    head: HeadSettings
    classifier: ClassifierSettings
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
        return replace(self, training=replace(self.training, checkpoint_seconds=seconds))


def block_of(kind: type[Block], values: Mapping[str, Any]) -> Block:
    """Return the ``values`` of a block of the configuration as settings of a ``kind``.

    Raises InputError for a setting that there is not.
    """
    known = {field.name for field in fields(kind)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise InputError(
            f"{kind.__name__}: expected settings among {', '.join(sorted(known))}, "
            f"got {', '.join(unknown)}; correct the variant, or train it again with this code"
        )
    plain: Any = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
    return kind(**plain)


def settings_from(values: Mapping[str, Any]) -> Settings:
    """Return the settings that a variant's block of the configuration describes.

    Raises InputError for a setting that there is not, for another number of dropouts than of
    layers, and for a head without vectors that the classifier is to speak beside.
    """
    settings = Settings(
        head=block_of(HeadSettings, values.get("head", {})),
        classifier=block_of(ClassifierSettings, values.get("classifier", {})),
        loss=block_of(LossSettings, values.get("loss", {})),
        schedule=ScheduleSettings(**values["schedule"]),
        training=block_of(TrainingSettings, values.get("training", {})),
    )
    layers, dropouts = len(settings.head.hidden) + 1, len(settings.head.dropouts)
    if layers != dropouts:
        raise InputError(
            f"head: expected a dropout for each of {layers} layers, got {dropouts}; "
            "give one per hidden layer and one for the last layer"
        )
    if settings.classifier.weight and settings.loss.kind == "softmax":
        raise InputError(
            "head: expected classifier weight: 0 with the softmax loss, whose outputs are no "
            f"vectors, got {settings.classifier.weight}; correct the variant"
        )
    return settings
