"""The losses of every head per epoch, on images that it learns from and on others."""

from wordbridge.job import log_to
from wordbridge.report.figures import head_losses_figure, save_figure
from wordbridge.report.translation import read_metrics

log_to(snakemake)

save_figure(head_losses_figure(read_metrics(snakemake.input)), snakemake.output[0])
