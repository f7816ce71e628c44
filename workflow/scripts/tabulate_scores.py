"""The table of scores: one row per variant, mean and standard deviation over the seeds."""

from wordbridge.log import log_to
from wordbridge.report.canvas import save_figure
from wordbridge.report.score_plot import scores_figure
from wordbridge.report.score_table import CAPTION, score_columns, tabulate_scores
from wordbridge.report.tables import write_table
from wordbridge.translation.records import read_records

log_to(snakemake)

records = read_records(snakemake.input)
settings = dict(snakemake.params.settings)
caption = CAPTION.format(part=settings.pop("part"))
scores = tabulate_scores(records, **settings)
stem = snakemake.output.tables[0].removesuffix(".tsv")
columns = score_columns(records, settings["baseline"])
write_table(scores, stem, caption, columns, group=True)
save_figure(scores_figure(records), snakemake.output.figure)
