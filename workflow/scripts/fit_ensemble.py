"""A trained head with what the backbone's classifier needs to speak beside it."""

from wordbridge.devise.ensemble import voiced_head
from wordbridge.images.feature_store import FeatureStore
from wordbridge.images.table import read_images
from wordbridge.job import start_job
from wordbridge.nouns.matrix import read_noun_matrix
from wordbridge.tensors import read_model, write_model
from wordbridge.training.device import choose_device

start_job(snakemake)

choose_device("cpu", threads=1)
fitted = voiced_head(
    read_model(snakemake.input.head, snakemake.input.description),
    snakemake.params.settings,
    FeatureStore(snakemake.input.features),
    read_images(snakemake.input.images),
    read_noun_matrix(snakemake.input.vectors, snakemake.input.nouns),
)
write_model(fitted, snakemake.output.model, snakemake.output.settings)
