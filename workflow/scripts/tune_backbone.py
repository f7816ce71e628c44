"""The last blocks of the backbone, tuned to the pictures of the train part."""

from wordbridge.devise.backbones import load_backbone
from wordbridge.devise.devise_job import Sources
from wordbridge.devise.devise_training import write_metrics
from wordbridge.devise.feature_store import FeatureStore
from wordbridge.devise.fitted import write_fitted
from wordbridge.devise.noun_matrix import read_noun_matrix
from wordbridge.devise.picture_table import read_bytes, read_pictures
from wordbridge.devise.tuning_job import NO_ROWS, tune
from wordbridge.log import log_to
from wordbridge.translation.checkpoint import state_folder

log_to(snakemake)

settings = snakemake.params.settings
sources = Sources(
    FeatureStore.open(snakemake.input.features),
    read_pictures(snakemake.input.pictures),
    read_noun_matrix(snakemake.input.vectors, snakemake.input.nouns),
    NO_ROWS,
)
tuned = tune(
    settings,
    sources,
    read_bytes,
    load_backbone(settings["backbone"], snakemake.input.weights, settings["short_side"]),
    list(snakemake.input),
    state_folder(snakemake.output.model),
    snakemake.params.code,
    snakemake.params.save_seconds,
)
write_metrics(snakemake.output.metrics, tuned.epochs)
write_fitted(tuned, snakemake.output.model, snakemake.output.settings)
