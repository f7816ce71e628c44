"""The table of losses per epoch as the lesson printed them, and their figure."""

from wordbridge.job import start_job
from wordbridge.report.figures import losses_figure, save_figure
from wordbridge.report.published import published_losses
from wordbridge.report.tables import write_table
from wordbridge.report.translation import (
    CAPTION_TRAINING_TABLE as CAPTION,
)
from wordbridge.report.translation import (
    COLUMNS_TRAINING_TABLE as COLUMNS,
)
from wordbridge.report.translation import (
    read_metrics,
    tabulate_training,
)

start_job(snakemake)

settings = snakemake.params.settings
metrics = read_metrics(snakemake.input)
published = {True: published_losses(), False: None}[settings["published"]]
stem = snakemake.output.tables[0].removesuffix(".tsv")
write_table(tabulate_training(metrics), stem, CAPTION, COLUMNS, group=True)
save_figure(losses_figure(metrics, published), snakemake.output.figure)
