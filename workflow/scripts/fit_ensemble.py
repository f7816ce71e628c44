"""A trained head with the numbers of its ensemble with the backbone's classifier."""

from wordbridge.devise.dataset import read_training_data
from wordbridge.devise.predictor import fit_ensemble
from wordbridge.job import start_job
from wordbridge.tensors import read_model, write_model
from wordbridge.training.device import choose_device

start_job(snakemake)

choose_device("cpu", threads=1)
data = read_training_data(snakemake.input)
head = read_model(snakemake.input.head, snakemake.input.description)
model = fit_ensemble(head, snakemake.params.settings, data)
write_model(model, snakemake.output.model, snakemake.output.settings)
