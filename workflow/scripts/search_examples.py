"""One of the lesson's searches: a contact sheet of the results, and a table of their scores."""

from pathlib import Path

from wordbridge.job import start_job
from wordbridge.report.contact_sheet import save_sheet
from wordbridge.report.search import example_searches, examples_table, sheet_rows
from wordbridge.report.tables import save_table
from wordbridge.search.index import read_index
from wordbridge.search.words import read_words

start_job(snakemake)

settings = snakemake.params.settings
words = read_words(Path(snakemake.input.words[0]).parent)
indexes = Path(snakemake.input.indexes[0]).parents[1]
target = read_index(indexes / settings["index"], words.word_vectors)
images = read_index(indexes / "images", words.word_vectors)
examples = example_searches(settings, target, images, words)
save_sheet(snakemake.output.sheet, sheet_rows(examples))
save_table(examples_table(examples, settings), snakemake.output.tables)
