"""The head of one method trained with one seed, and its losses per epoch."""

from wordbridge.devise.dataset import read_training_data
from wordbridge.devise.training import train
from wordbridge.job import start_job
from wordbridge.tensors import write_model
from wordbridge.training.checkpoint import state_folder
from wordbridge.training.loop import write_metrics

start_job(snakemake)

head, epochs = train(
    snakemake.params.settings,
    int(snakemake.wildcards.seed),
    read_training_data(snakemake.input),
    list(snakemake.input),
    state_folder(snakemake.output.head),
    snakemake.params.code,
    snakemake.params.checkpoint_seconds,
)
write_metrics(snakemake.output.metrics, epochs)
write_model(head, snakemake.output.head, snakemake.output.description)
