"""An index of nouns or images: vectors, labels, HNSW graph and a description of their source."""

from pathlib import Path

from wordbridge.job import start_job
from wordbridge.search.build import index_rows, write_index

start_job(snakemake)

settings = snakemake.params.settings
rows = index_rows(settings, snakemake.input)
write_index(Path(snakemake.output[0]).parent, *rows, settings["graph"])
