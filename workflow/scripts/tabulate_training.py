"""Tables and figures of the trainings: losses per epoch, exposure bias, learning rate per step."""

from wordbridge.corpus.ids import read_ids
from wordbridge.job import start_job
from wordbridge.report.diagnostics import exposure_figure, exposure_table
from wordbridge.report.figures import losses_figure, save_figure, schedule_curves, schedule_figure
from wordbridge.report.published import published_losses
from wordbridge.report.tables import read_metrics, save_table
from wordbridge.report.translation import training_table

start_job(snakemake)

settings = snakemake.params.settings
metrics = read_metrics(snakemake.input.metrics)
published = published_losses() if settings["published"] else None
save_table(training_table(metrics), snakemake.output.tables)
save_figure(losses_figure(metrics, published), snakemake.output.losses)
save_table(exposure_table(metrics), snakemake.output.exposure)
save_figure(exposure_figure(metrics), snakemake.output.exposure_figure)
curves = schedule_curves(settings["schedules"], read_ids(snakemake.input.ids))
save_figure(schedule_figure(*curves), snakemake.output.schedule)
