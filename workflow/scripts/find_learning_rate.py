"""The learning-rate range test of one variant: losses, plot and suggestion."""

from wordbridge.job import start_job
from wordbridge.report.figures import range_test_figure, save_figure
from wordbridge.training.lr_finder import find_learning_rate, write_range_test
from wordbridge.translation.training import prepare

start_job(snakemake)

settings = snakemake.params.settings
found = find_learning_rate(
    prepare(settings, settings["seed"], dict(snakemake.input.items())),
    settings["seed"],
    **settings["range_test"],
)
write_range_test(snakemake.output.table, found)
save_figure(range_test_figure(found.rates, found.losses, found.suggestion), snakemake.output.figure)
