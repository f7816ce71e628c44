"""One of the lesson's searches: a contact sheet of what is found, and a table of the scores."""

from pathlib import Path

from wordbridge.job import start_job
from wordbridge.report.search import (
    COLUMNS,
    caption,
    example_searches,
    save_sheet,
    sheet_rows,
    tabulate_searches,
)
from wordbridge.report.tables import write_table
from wordbridge.search.index import read_index
from wordbridge.search.words import read_words

start_job(snakemake)

settings = snakemake.params.settings
words = read_words(Path(snakemake.input.words).parent)
target = read_index(Path(snakemake.input.index).parent, words.word_vectors)
images = read_index(Path(snakemake.input.images).parent, words.word_vectors)
searches = example_searches(settings, target, images, words)
save_sheet(snakemake.output.sheet, sheet_rows(searches))
stem = snakemake.output.table.removesuffix(".tsv")
write_table(tabulate_searches(searches), stem, caption(settings), COLUMNS, group=True)
