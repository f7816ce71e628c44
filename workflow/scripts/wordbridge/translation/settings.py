"""Settings of a translator and of its training, as plain frozen values."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from wordbridge.errors import InputError
from wordbridge.training.loop import LoopSettings
from wordbridge.training.schedules import ScheduleSettings

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Block = TypeVar("Block", bound="DataclassInstance")

Cell = Literal["gru", "lstm"]
Bidirectional = Literal["none", "first", "all"]
InitialState = Literal["last", "max", "mean"]
OutputWeights = Literal["tied", "copied", "random"]


@dataclass(frozen=True)
class ModelSettings:
    """Every choice about the network; the defaults are the lesson's baseline, corrected.

    Dropouts are probabilities. ``hidden`` is the width of the encoder's state; the decoder's
    is the dimension of the target embeddings, so that output and embedding weights can be tied.
    """

    cell: Cell = "gru"
    layers: int = 2
    hidden: int = 256
    bidirectional: Bidirectional = "none"
    attention: bool = False
    attention_activation: Literal["tanh", "relu"] = "tanh"
    initial_state: InitialState = "last"
    output_weights: OutputWeights = "tied"
    deep_output: bool = True
    embedding_scale: float = 0.1
    scale_logits: bool = False
    mask_padding: bool = True
    stop_at_eos: bool = True
    source_dropout: float = 0.15
    encoder_dropout: float = 0.25
    bridge_dropout: float = 0.0
    decoder_dropout: float = 0.1
    output_dropout: float = 0.35
    target_dropout: float = 0.0
    word_dropout: float = 0.0
    weight_dropout: float = 0.0
    variational_dropout: bool = False


@dataclass(frozen=True)
class ForcingSettings:
    """The chance that the decoder is fed the true previous word, per epoch.

    The linear descent starts from the first epoch, or after ``hold_epochs`` epochs, and reaches 0
    after ``epochs``; ``rate`` is the constant's value, the exponential's base and the inverse
    sigmoid's k (Bengio et al. 2015, section 2.4).
    """

    schedule: Literal["none", "linear", "constant", "exponential", "inverse_sigmoid"] = "none"
    epochs: int = 10
    hold_epochs: int = 0
    rate: float = 1.0
    sampling_unit: Literal["batch", "sequence", "token"] = "batch"


@dataclass(frozen=True)
class TrainingSettings(LoopSettings):
    """Everything about the optimisation but the data and the seed."""

    epochs: int = 12
    learning_rate: float = 3e-3
    batch_size: int = 125
    betas: Sequence[float] = (0.8, 0.99)
    weight_decay: float = 0.0
    clip_norm: float | None = 1.0
    label_smoothing: float = 0.0
    ema_decay: float = 0.0
    activation_regularisation: float = 0.0
    temporal_regularisation: float = 0.0
    count_padding: bool = False
    keep_epoch: Literal["last", "nll", "free_running_loss", "bleu"] = "bleu"
    patience: int | None = None
    auxiliary_pairs: int = 0
    auxiliary_epochs: int = 0
    precision: Literal["float32", "bfloat16", "float16"] = "float32"


@dataclass(frozen=True)
class Settings:
    """One variant: model, forcing, learning-rate schedule and training."""

    model: ModelSettings
    forcing: ForcingSettings
    schedule: ScheduleSettings
    training: TrainingSettings

    def as_dict(self) -> dict[str, Any]:
        """Return plain nested values for JSON."""
        return asdict(self)


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

    Raises InputError for a setting that there is not, for one momentum or one measure of auxiliary
    text without the other, and for a descent of forcing that never starts.
    """
    schedule = values.get("schedule", {})
    if (schedule.get("momentum_high") is None) != (schedule.get("momentum_low") is None):
        raise InputError(
            "schedule: expected both momentum_high and momentum_low or neither, got one; "
            "give the other as well"
        )
    forcing = block_of(ForcingSettings, values.get("forcing", {}))
    if forcing.hold_epochs >= forcing.epochs:
        raise InputError(
            f"forcing: expected hold_epochs to be smaller than epochs ({forcing.epochs}), the end "
            f"of the fall, got {forcing.hold_epochs}; lower it"
        )
    training = block_of(TrainingSettings, values.get("training", {}))
    if bool(training.auxiliary_pairs) != bool(training.auxiliary_epochs):
        raise InputError(
            "training: expected both auxiliary_pairs and auxiliary_epochs or neither, got "
            f"{training.auxiliary_pairs} and {training.auxiliary_epochs}; give the other as well"
        )
    return Settings(
        model=block_of(ModelSettings, values.get("model", {})),
        forcing=forcing,
        schedule=block_of(ScheduleSettings, values.get("schedule", {})),
        training=training,
    )
