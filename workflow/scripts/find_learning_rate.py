"""The learning-rate range test of one variant: losses, plot and suggestion."""

from wordbridge.log import log_to
from wordbridge.report.canvas import save_figure
from wordbridge.report.training_plots import range_test_figure
from wordbridge.translation.job import prepare
from wordbridge.translation.range_test import find_learning_rate
from wordbridge.translation.rates import write_range_test

log_to(snakemake)

settings = snakemake.params.settings
found = find_learning_rate(
    prepare(settings, settings["seed"], dict(snakemake.input.items())),
    settings["seed"],
    **settings["range_test"],
)
write_range_test(snakemake.output.table, found)
save_figure(range_test_figure(found.rates, found.losses, found.suggestion), snakemake.output.figure)
