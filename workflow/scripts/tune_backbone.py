"""The last blocks of the backbone, tuned to the images of the train part."""

from wordbridge.devise.model_file import write_fitted
from wordbridge.devise.training import read_sources, write_metrics
from wordbridge.devise.tuning_job import tune
from wordbridge.images.backbones import load_backbone
from wordbridge.images.table import read_bytes
from wordbridge.job import log_to
from wordbridge.training.checkpoint import state_folder

log_to(snakemake)

settings = snakemake.params.settings
sources = read_sources(
    snakemake.input.features,
    snakemake.input.images,
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
