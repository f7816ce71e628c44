"""The table and the figure of BLEU by the length of the source."""

from wordbridge.job import start_job
from wordbridge.report.figures import save_figure
from wordbridge.report.lengths import lengths_figure, lengths_table
from wordbridge.report.tables import save_table
from wordbridge.translation.bootstrap import runs_by_variant
from wordbridge.translation.sentence_scores import read_sentence_scores

start_job(snakemake)

settings, order = snakemake.params.settings, snakemake.params.order
names = [name for name in order["variants"] for _ in order["seeds"]]
runs = runs_by_variant(names, [read_sentence_scores(p) for p in snakemake.input.sentences])
table = lengths_table(runs, settings["split"])
save_table(table, snakemake.output.tables)
save_figure(lengths_figure(table), snakemake.output.figure)
