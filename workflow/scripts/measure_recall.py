"""A table of each index: recall against exact search, size and times."""

from pathlib import Path

from wordbridge.job import start_job
from wordbridge.report.search import recall_table
from wordbridge.report.tables import save_table
from wordbridge.search.index import read_index

start_job(snakemake)

folders = dict.fromkeys(Path(path).parent for path in snakemake.input.indexes)
indexes = list(map(read_index, folders))
save_table(recall_table(indexes, snakemake.input.builds), snakemake.output)
