"""The losses of every head per epoch, on pictures that it learns from and on others."""

from wordbridge.log import log_to
from wordbridge.report.canvas import save_figure
from wordbridge.report.metrics import read_metrics
from wordbridge.report.training_plots import head_losses_figure

log_to(snakemake)

save_figure(head_losses_figure(read_metrics(snakemake.input)), snakemake.output[0])
