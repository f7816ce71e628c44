"""The figure of one learning-rate range test."""

from wordbridge.job import start_job
from wordbridge.report.figures import save_figure
from wordbridge.report.tables import read_frame
from wordbridge.report.training import range_test_figure

start_job(snakemake)

table = read_frame(snakemake.input[0], "run the range test again")
save_figure(range_test_figure(table), snakemake.output[0])
