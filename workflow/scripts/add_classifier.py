"""A trained head with what the backbone's classifier needs to speak beside it."""

from wordbridge.devise.feature_store import FeatureStore
from wordbridge.devise.fitted import read_fitted, write_fitted
from wordbridge.devise.noun_matrix import read_noun_matrix
from wordbridge.devise.picture_table import read_pictures
from wordbridge.devise.voiced_head import voiced_head
from wordbridge.log import log_to
from wordbridge.translation.device import choose_device

log_to(snakemake)

choose_device("cpu", threads=1)
fitted = voiced_head(
    read_fitted(snakemake.input.head, snakemake.input.description),
    snakemake.params.settings,
    FeatureStore.open(snakemake.input.features),
    read_pictures(snakemake.input.pictures),
    read_noun_matrix(snakemake.input.vectors, snakemake.input.nouns),
)
write_fitted(fitted, snakemake.output.model, snakemake.output.settings)
