"""Settings of a translator and of its training; the schema has their defaults and checks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from wordbridge.training.schedules import LoopSettings, ScheduleSettings
from wordbridge.translation.forcing import ForcingSettings


@dataclass(frozen=True)
class ModelSettings:
    """Settings of the network.

    Dropouts are probabilities. ``hidden`` is the width of the encoder's state; the width of the
    decoder's state is that of the target embeddings, so that output and embedding weights can be
    tied.
    """

    cell: Literal["gru", "lstm", "transformer"]
    layers: int
    hidden: int
    bidirectional: Literal["none", "first", "all"]
    attention: bool
    attention_activation: Literal["tanh", "relu"]
    initial_state: Literal["last", "max", "mean"]
    output_weights: Literal["tied", "copied", "random"]
    deep_output: bool
    embedding_scale: float
    freeze_embeddings: bool
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
class TrainingSettings(LoopSettings):
    """Settings of a translator's training, in addition to those of every training."""

    clip_norm: float | None
    label_smoothing: float
    ema_decay: float
    activation_regularisation: float
    temporal_regularisation: float
    count_padding: bool
    auxiliary_pairs: int
    auxiliary_epochs: int
    precision: Literal["auto", "float32", "bfloat16", "float16"]


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
