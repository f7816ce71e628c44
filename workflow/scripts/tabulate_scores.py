"""The table and the figure of scores: one row or bar per variant, over all seeds."""

from wordbridge.files import read_records
from wordbridge.job import start_job
from wordbridge.report.figures import save_figure, scores_figure
from wordbridge.report.tables import save_table
from wordbridge.report.translation import scores_table
from wordbridge.translation.bootstrap import read_runs

start_job(snakemake)

records = read_records(snakemake.input.scores)
runs = read_runs(snakemake.input.sentences)
save_table(scores_table(records, runs, **snakemake.params.settings), snakemake.output.tables)
save_figure(scores_figure(records), snakemake.output.figure)
