"""A trained head with what the backbone's classifier needs to speak beside it."""

from wordbridge.devise.ensemble import voiced_head
from wordbridge.devise.model_file import read_fitted, write_fitted
from wordbridge.images.feature_store import FeatureStore
from wordbridge.images.table import read_images
from wordbridge.job import log_to
from wordbridge.nouns.matrix import read_noun_matrix
from wordbridge.training.device import choose_device

log_to(snakemake)

choose_device("cpu", threads=1)
fitted = voiced_head(
    read_fitted(snakemake.input.head, snakemake.input.description),
    snakemake.params.settings,
    FeatureStore.open(snakemake.input.features),
    read_images(snakemake.input.images),
    read_noun_matrix(snakemake.input.vectors, snakemake.input.nouns),
)
write_fitted(fitted, snakemake.output.model, snakemake.output.settings)
