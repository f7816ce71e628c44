"""The learning-rate range test of one variant: losses and suggestion."""

from wordbridge.job import start_job
from wordbridge.training.lr_finder import range_test, write_range_test
from wordbridge.translation.training import build_trainer

start_job(snakemake)

settings = snakemake.params.settings
trainer = build_trainer(settings, settings["seed"], dict(snakemake.input.items()))
result = range_test(trainer.range_test_step(), len(trainer.batches(0)), **settings["range_test"])
write_range_test(snakemake.output[0], result)
