"""The figure of one learning-rate range test."""

from wordbridge.job import start_job
from wordbridge.report.figures import range_test_figure, read_range_test, save_figure

start_job(snakemake)

save_figure(range_test_figure(*read_range_test(snakemake.input[0])), snakemake.output[0])
