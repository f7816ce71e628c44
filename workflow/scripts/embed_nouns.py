"""The word vectors of the nouns, and the number of nouns that each kind of lookup covers."""

from wordbridge.arrays import save_matrix
from wordbridge.job import start_job
from wordbridge.nouns.embedding import embed_nouns, write_noun_coverage
from wordbridge.nouns.matrix import write_noun_rows
from wordbridge.nouns.table import read_nouns
from wordbridge.vectors.readers import open_concatenation

start_job(snakemake)

settings = snakemake.params.settings
vectors = open_concatenation(settings["vectors"], snakemake.input)
rows, matrix, coverage = embed_nouns(read_nouns(snakemake.input.nouns), vectors, settings)
save_matrix(matrix, snakemake.output.matrix)
write_noun_rows(snakemake.output.rows, rows)
write_noun_coverage(snakemake.output.coverage, coverage)
