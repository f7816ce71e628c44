"""One method that the heads are held against, fitted to the same features."""

from wordbridge.devise.baselines import fit_baseline
from wordbridge.images.feature_store import FeatureStore
from wordbridge.images.table import read_images
from wordbridge.job import start_job
from wordbridge.nouns.matrix import read_noun_matrix
from wordbridge.tensors import write_model
from wordbridge.training.device import choose_device

start_job(snakemake)

settings = snakemake.params.settings
choose_device("cpu", settings["threads"])
fitted = fit_baseline(
    settings["variant"],
    int(snakemake.wildcards.seed),
    FeatureStore(snakemake.input.features),
    read_images(snakemake.input.images),
    read_noun_matrix(snakemake.input.vectors, snakemake.input.nouns),
)
write_model(fitted, snakemake.output.model, snakemake.output.settings)
