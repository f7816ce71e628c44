"""The head of one variant trained with one seed, and its losses per epoch."""

from wordbridge.devise.devise_job import read_sources, train
from wordbridge.devise.devise_training import write_metrics
from wordbridge.devise.fitted import write_fitted
from wordbridge.log import log_to
from wordbridge.translation.checkpoint import state_folder

log_to(snakemake)

sources = read_sources(
    snakemake.input.features,
    snakemake.input.pictures,
    snakemake.input.vectors,
    snakemake.input.nouns,
    snakemake.input.classifier,
)
trained = train(
    snakemake.params.settings,
    int(snakemake.wildcards.seed),
    sources,
    list(snakemake.input),
    state_folder(snakemake.output.head),
    snakemake.params.code,
    snakemake.params.save_seconds,
)
write_metrics(snakemake.output.metrics, trained.epochs)
write_fitted(trained, snakemake.output.head, snakemake.output.description)
