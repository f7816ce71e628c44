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
from wordbridge.translation.bootstrap import runs_by_variant
from wordbridge.translation.sentence_scores import length_bins, read_sentence_scores

start_job(snakemake)

settings, order, output = snakemake.params.settings, snakemake.params.order, snakemake.output
names = [name for name in order["variants"] for _ in order["seeds"]]
scores = [read_sentence_scores(path) for path in snakemake.input.sentences]
runs = runs_by_variant(names, scores)
masks = length_bins(scores[0], LENGTH_BINS)
table = difficulty_table(runs, masks, LENGTHS, settings["split"])
save_table(table, output.lengths)
save_figure(difficulty_figure(table, LENGTHS), output.lengths_figure)
masks = by_rarest_word(scores[0], read_tokenized(snakemake.input.pairs), settings["source"])
table = difficulty_table(runs, masks, RAREST_WORDS, settings["split"])
save_table(table, output.rarest)
save_figure(difficulty_figure(table, RAREST_WORDS), output.rarest_figure)
