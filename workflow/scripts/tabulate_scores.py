"""The table of scores: one row per variant, mean and standard deviation over the seeds."""

from wordbridge.files import read_records
from wordbridge.job import start_job
from wordbridge.report.figures import save_figure, scores_figure
from wordbridge.report.tables import write_table
from wordbridge.report.translation import CAPTION_SCORE_TABLE as CAPTION
from wordbridge.report.translation import score_columns, tabulate_scores

start_job(snakemake)

records = read_records(snakemake.input)
settings = dict(snakemake.params.settings)
caption = CAPTION.format(split=settings.pop("split"))
scores = tabulate_scores(records, **settings)
stem = snakemake.output.tables[0].removesuffix(".tsv")
columns = score_columns(records, settings["baseline"])
write_table(scores, stem, caption, columns, group=True)
save_figure(scores_figure(records), snakemake.output.figure)
