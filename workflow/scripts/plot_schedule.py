"""The learning rate of each variant over its training."""

from wordbridge.corpus.ids import read_ids
from wordbridge.log import log_to
from wordbridge.report.canvas import save_figure
from wordbridge.report.training_plots import schedule_figure
from wordbridge.translation.schedules import curves

log_to(snakemake)

pairs = len(read_ids(snakemake.input.ids).rows("train"))
rates, momenta, steps = curves(snakemake.params.settings, pairs)
save_figure(schedule_figure(rates, steps, momenta), snakemake.output[0])
