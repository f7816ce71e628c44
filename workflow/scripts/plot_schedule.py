"""The learning rate of each variant over its training."""

from wordbridge.corpus.batches import read_parallel
from wordbridge.log import log_to
from wordbridge.report.canvas import save_figure
from wordbridge.report.training_plots import schedule_figure
from wordbridge.translation.schedules import curves

log_to(snakemake)

train = read_parallel(snakemake.input.fr_ids, snakemake.input.en_ids, "train")
rates, momenta, steps = curves(snakemake.params.settings, len(train))
save_figure(schedule_figure(rates, steps, momenta), snakemake.output[0])
