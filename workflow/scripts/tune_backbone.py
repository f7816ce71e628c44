"""The last blocks of the backbone, tuned to the pictures of the train part."""

from wordbridge.devise.backbones import load_backbone
from wordbridge.devise.devise_job import read_sources
from wordbridge.devise.devise_training import write_metrics
from wordbridge.devise.fitted import write_fitted
from wordbridge.devise.picture_table import read_bytes
from wordbridge.devise.tuning_job import tune
from wordbridge.log import log_to
from wordbridge.translation.checkpoint import state_folder

log_to(snakemake)

settings = snakemake.params.settings
sources = read_sources(
    snakemake.input.features,
    snakemake.input.pictures,
    snakemake.input.vectors,
    snakemake.input.nouns,
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
