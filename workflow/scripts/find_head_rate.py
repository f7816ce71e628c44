"""The learning-rate range test of one head: losses, plot and suggestion."""

from wordbridge.devise.devise_job import Sources, prepare
from wordbridge.devise.feature_store import FeatureStore
from wordbridge.devise.head_range_test import find_head_rate
from wordbridge.devise.head_settings import settings_from
from wordbridge.devise.noun_matrix import read_noun_matrix
from wordbridge.devise.picture_table import read_pictures
from wordbridge.log import log_to
from wordbridge.report.canvas import save_figure
from wordbridge.report.training_plots import range_test_figure
from wordbridge.translation.device import choose_device
from wordbridge.translation.rates import write_range_test
from wordbridge.vectors.matrix_file import load_matrix

log_to(snakemake)

settings = snakemake.params.settings
sources = Sources(
    FeatureStore.open(snakemake.input.features),
    read_pictures(snakemake.input.pictures),
    read_noun_matrix(snakemake.input.vectors, snakemake.input.nouns),
    load_matrix(snakemake.input.classifier),
)
device = choose_device(settings["device"], settings["threads"])
training, _ = prepare(settings_from(settings["variant"]), settings["seed"], sources, device, None)
found = find_head_rate(training, **settings["range_test"])
write_range_test(snakemake.output.table, found)
save_figure(range_test_figure(found.rates, found.losses, found.suggestion), snakemake.output.figure)
