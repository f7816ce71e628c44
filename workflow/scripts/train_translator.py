"""The weights of one variant trained with one seed, and its losses per epoch."""

from wordbridge.log import log_to
from wordbridge.translation.checkpoint import state_folder
from wordbridge.translation.job import train
from wordbridge.translation.metrics import write_metrics
from wordbridge.translation.records import write_record
from wordbridge.translation.saved import write_translator

log_to(snakemake)

trained = train(
    snakemake.params.settings,
    int(snakemake.wildcards.seed),
    dict(snakemake.input.items()),
    state_folder(snakemake.output.model),
    snakemake.params.code,
    snakemake.params.save_seconds,
)
write_metrics(snakemake.output.metrics, trained.epochs)
write_record(snakemake.output.times, trained.times)
write_translator(
    trained.weights, trained.description, snakemake.output.model, snakemake.output.settings
)
