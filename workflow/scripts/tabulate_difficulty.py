"""Tables and figures of the scores by the length of the source, and by its rarest word."""

from wordbridge.corpus.pairs import read_tokenized
from wordbridge.job import start_job
from wordbridge.report.difficulty import (
    LENGTH_BINS,
    LENGTHS,
    RAREST_WORDS,
    by_rarest_word,
    difficulty_figure,
    difficulty_table,
)
from wordbridge.report.figures import save_figure
from wordbridge.report.tables import save_table
from wordbridge.translation.bootstrap import read_runs
from wordbridge.translation.sentence_scores import length_bins

start_job(snakemake)

settings, order, output = snakemake.params.settings, snakemake.params.order, snakemake.output
runs = read_runs(order["variants"], order["seeds"], snakemake.input.sentences)
sentences = runs[order["variants"][0]][0]  # those of all runs
masks = length_bins(sentences, LENGTH_BINS)
table = difficulty_table(runs, masks, LENGTHS, settings["split"])
save_table(table, output.lengths)
save_figure(difficulty_figure(table, LENGTHS), output.lengths_figure)
masks = by_rarest_word(sentences, read_tokenized(snakemake.input.pairs), settings["source"])
table = difficulty_table(runs, masks, RAREST_WORDS, settings["split"])
save_table(table, output.rarest)
save_figure(difficulty_figure(table, RAREST_WORDS), output.rarest_figure)
