"""The head of one variant trained with one seed, and its losses per epoch."""

from wordbridge.devise.devise_job import Sources, train
from wordbridge.devise.devise_training import write_metrics
from wordbridge.devise.feature_store import FeatureStore
from wordbridge.devise.fitted import write_fitted
from wordbridge.devise.noun_matrix import read_noun_matrix
from wordbridge.devise.picture_table import read_pictures
from wordbridge.log import log_to
from wordbridge.translation.checkpoint import state_folder
from wordbridge.vectors.matrix_file import load_matrix

log_to(snakemake)

sources = Sources(
    FeatureStore.open(snakemake.input.features),
    read_pictures(snakemake.input.pictures),
    read_noun_matrix(snakemake.input.vectors, snakemake.input.nouns),
    load_matrix(snakemake.input.classifier),
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
