"""The learning-rate range test of one head: losses and suggestion."""

from wordbridge.devise.dataset import read_training_data
from wordbridge.devise.training import HeadTrainer
from wordbridge.job import start_job
from wordbridge.training.lr_finder import range_test, write_range_test

start_job(snakemake)

settings = snakemake.params.settings
data = read_training_data(snakemake.input)
trainer = HeadTrainer(settings, settings["seed"], data)
result = range_test(trainer.range_test_step(), **settings["range_test"])
write_range_test(snakemake.output[0], result)
