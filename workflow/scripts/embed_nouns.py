"""The word vectors of the nouns, and the number of nouns that each kind of lookup covers."""

from wordbridge.arrays import save_matrix
from wordbridge.job import start_job
from wordbridge.nouns.embedding import embed_nouns, write_noun_coverage
from wordbridge.nouns.matrix import write_noun_rows
from wordbridge.nouns.table import read_nouns
from wordbridge.vectors.readers import open_vectors

start_job(snakemake)

settings = snakemake.params.settings
embedded = embed_nouns(
    read_nouns(snakemake.input.nouns),
    open_vectors(settings["vectors"], snakemake.input),
    lemmas=settings["lemmas"],
    multiword=settings["multiword"],
    lower_case=settings["lower_case"],
    frequent_words=settings["frequent_words"],
)
save_matrix(embedded.matrix, snakemake.output.matrix)
write_noun_rows(snakemake.output.rows, embedded.rows)
write_noun_coverage(snakemake.output.coverage, embedded.coverage)
