"""A table of each index: recall against exact search, size and times."""

from pathlib import Path

from wordbridge.job import start_job
from wordbridge.report.search import recall_table
from wordbridge.report.tables import save_table
from wordbridge.search.index import read_index

start_job(snakemake)

settings = snakemake.params.settings
folders = dict.fromkeys(Path(path).parent for path in snakemake.input.indexes)
indexes = list(map(read_index, folders))
table = recall_table(indexes, snakemake.input.builds, settings["queries"], settings["neighbours"])
save_table(table, snakemake.output)
