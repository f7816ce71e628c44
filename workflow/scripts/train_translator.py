"""The weights of one variant trained with one seed, and its losses per epoch."""

from wordbridge.files import write_json
from wordbridge.job import start_job
from wordbridge.tensors import write_model
from wordbridge.training.checkpoint import state_folder
from wordbridge.training.loop import write_metrics
from wordbridge.translation.training import train

start_job(snakemake)

model, epochs, times = train(
    snakemake.params.settings,
    int(snakemake.wildcards.seed),
    dict(snakemake.input.items()),
    state_folder(snakemake.output.model),
    snakemake.params.code,
    snakemake.params.checkpoint_seconds,
)
write_metrics(snakemake.output.metrics, epochs)
write_json(snakemake.output.times, times)
write_model(model, snakemake.output.model, snakemake.output.settings)
