"""The losses of every head per epoch, on images that it learns from and on others."""

from wordbridge.job import start_job
from wordbridge.report.figures import head_losses_figure, save_figure
from wordbridge.report.translation import read_metrics

start_job(snakemake)

save_figure(head_losses_figure(read_metrics(snakemake.input)), snakemake.output[0])
