"""One baseline of DeViSE, fitted to the same features as the heads."""

from wordbridge.devise.baselines import fit_baseline
from wordbridge.devise.dataset import read_training_data
from wordbridge.job import start_job
from wordbridge.tensors import write_model
from wordbridge.training.device import choose_device

start_job(snakemake)

choose_device("cpu", threads=1)
data = read_training_data(snakemake.input)
method = fit_baseline(snakemake.params.settings, int(snakemake.wildcards.seed), data)
write_model(method, snakemake.output.model, snakemake.output.settings)
