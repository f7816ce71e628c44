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

settings, output = snakemake.params.settings, snakemake.output
runs = read_runs(snakemake.input.sentences)
sentences, *_ = next(iter(runs.values()))
pairs = read_tokenized(snakemake.input.pairs)
for grouping, masks, tables, figure in (
    (LENGTHS, length_bins(sentences, LENGTH_BINS), output.lengths, output.lengths_figure),
    (
        RAREST_WORDS,
        by_rarest_word(sentences, pairs, settings["source"]),
        output.rarest,
        output.rarest_figure,
    ),
):
    table = difficulty_table(runs, masks, grouping, settings["split"])
    save_table(table, tables)
    save_figure(difficulty_figure(table, grouping), figure)
