"""A table of what each index finds of exact search's answers, its size and its times."""

from pathlib import Path

from wordbridge.job import start_job
from wordbridge.report.search import CAPTION, tabulate_recall
from wordbridge.report.search import COLUMNS_RECALL_TABLE as COLUMNS
from wordbridge.report.tables import write_table
from wordbridge.search.index import read_index

start_job(snakemake)

settings = snakemake.params.settings
indexes = [read_index(Path(path).parent) for path in snakemake.input.indexes]
table = tabulate_recall(
    indexes, snakemake.input.builds, settings["queries"], settings["neighbours"]
)
write_table(table, snakemake.output[0].removesuffix(".tsv"), CAPTION, COLUMNS)
