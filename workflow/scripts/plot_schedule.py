"""The learning rate of each variant over its training."""

from wordbridge.corpus.ids import read_ids
from wordbridge.job import start_job
from wordbridge.report.figures import save_figure, schedule_curves, schedule_figure

start_job(snakemake)

texts = read_ids(snakemake.input.ids)
sizes = [len(texts.rows(split)) for split in ("train", "auxiliary")]
rates, momenta = schedule_curves(snakemake.params.settings, *sizes)
save_figure(schedule_figure(rates, momenta), snakemake.output[0])
