"""The learning-rate range test of one head: losses, plot and suggestion."""

from wordbridge.devise.head_range_test import find_head_rate
from wordbridge.devise.settings import settings_from
from wordbridge.devise.training import prepare, read_sources
from wordbridge.job import start_job
from wordbridge.report.figures import range_test_figure, save_figure
from wordbridge.training.device import choose_device
from wordbridge.training.lr_finder import write_range_test

start_job(snakemake)

settings = snakemake.params.settings
sources = read_sources(
    snakemake.input.features,
    snakemake.input.images,
    snakemake.input.vectors,
    snakemake.input.nouns,
)
device = choose_device(settings["device"], settings["threads"])
training, _ = prepare(settings_from(settings["variant"]), settings["seed"], sources, device, None)
found = find_head_rate(training, **settings["range_test"])
write_range_test(snakemake.output.table, found)
save_figure(range_test_figure(found.rates, found.losses, found.suggestion), snakemake.output.figure)
