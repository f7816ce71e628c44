"""The learning-rate range test of one head: losses and suggestion."""

from wordbridge.devise.settings import settings_from
from wordbridge.devise.training import prepare, read_sources
from wordbridge.job import start_job
from wordbridge.training.device import choose_device
from wordbridge.training.lr_finder import range_test, write_range_test

start_job(snakemake)

settings = snakemake.params.settings
sources = read_sources(
    snakemake.input.features,
    snakemake.input.images,
    snakemake.input.vectors,
    snakemake.input.nouns,
)
device = choose_device(settings["device"], settings["threads"])
trainer, _ = prepare(settings_from(settings["variant"]), settings["seed"], sources, device, None)
result = range_test(trainer.range_test_step(), **settings["range_test"])
write_range_test(snakemake.output[0], result)
