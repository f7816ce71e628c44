"""Settings of a translator and of its training; defaults and checks are those of the schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from wordbridge.training.loop import LoopSettings
from wordbridge.training.schedules import ScheduleSettings

Cell = Literal["gru", "lstm"]


@dataclass(frozen=True)
class ModelSettings:
    """Every choice about the network.

    Dropouts are probabilities. ``hidden`` is the width of the encoder's state; the decoder's
    is the dimension of the target embeddings, so that output and embedding weights can be tied.
    """

    cell: Cell
    layers: int
    hidden: int
    bidirectional: Literal["none", "first", "all"]
    attention: bool
    attention_activation: Literal["tanh", "relu"]
    initial_state: Literal["last", "max", "mean"]
    output_weights: Literal["tied", "copied", "random"]
    deep_output: bool
    embedding_scale: float
    scale_logits: bool
    mask_padding: bool
    stop_at_eos: bool
    source_dropout: float
    encoder_dropout: float
    bridge_dropout: float
    decoder_dropout: float
    output_dropout: float
    target_dropout: float
    word_dropout: float
    weight_dropout: float
    variational_dropout: bool


@dataclass(frozen=True)
class ForcingSettings:
    """The probability that the decoder reads the true previous word, per epoch.

    The linear descent starts from the first epoch, or after ``hold_epochs``, and reaches 0 after
    ``epochs``; ``rate`` is the constant's value, the exponential's base and the inverse sigmoid's
    k (Bengio et al. 2015, section 2.4). One draw is for a whole batch, a sequence or a token.
    """

    schedule: Literal["none", "linear", "constant", "exponential", "inverse_sigmoid"]
    epochs: int
    hold_epochs: int
    rate: float
    sampling_unit: Literal["batch", "sequence", "token"]


@dataclass(frozen=True)
class TrainingSettings(LoopSettings):
    """Everything about the optimisation except the data and the seed."""

    clip_norm: float | None
    label_smoothing: float
    ema_decay: float
    activation_regularisation: float
    temporal_regularisation: float
    count_padding: bool
    auxiliary_pairs: int
    auxiliary_epochs: int
    precision: Literal["float32", "bfloat16", "float16"]


@dataclass(frozen=True)
class Settings:
    """One variant: model, forcing, learning-rate schedule and training."""

    model: ModelSettings
    forcing: ForcingSettings
    schedule: ScheduleSettings
    training: TrainingSettings


def settings_from(variant: Mapping[str, Any]) -> Settings:
    """Return the settings of a variant's complete block of the configuration."""
    return Settings(
        model=ModelSettings(**variant["model"]),
        forcing=ForcingSettings(**variant["forcing"]),
        schedule=ScheduleSettings(**variant["schedule"]),
        training=TrainingSettings(**variant["training"]),
    )
