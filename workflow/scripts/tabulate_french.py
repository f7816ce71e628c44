"""A table of image retrieval by French names and by the English ones of the same nouns."""

from pathlib import Path

from wordbridge.images.table import read_images
from wordbridge.job import start_job
from wordbridge.report.search import french_table
from wordbridge.report.tables import save_table
from wordbridge.search.french import name_pairs
from wordbridge.search.index import read_index
from wordbridge.search.words import read_words
from wordbridge.vectors.readers import open_vectors

start_job(snakemake)

table = french_table(
    name_pairs(read_images(snakemake.input.images)),
    open_vectors(snakemake.params.settings["vectors"], snakemake.input),
    read_words(Path(snakemake.input.english[0]).parent),
    read_index(Path(snakemake.input.index[0]).parent),
)
save_table(table, snakemake.output)
