"""The initial embedding matrix of one language, and the coverage of its vectors."""

from wordbridge.arrays import save_matrix
from wordbridge.corpus.vocabulary import read_vocabulary
from wordbridge.job import start_job
from wordbridge.vectors.embeddings import build_embeddings, write_coverage
from wordbridge.vectors.readers import open_vectors

start_job(snakemake)

settings = snakemake.params.settings
vocabulary = read_vocabulary(snakemake.input.vocabulary)
embedding = build_embeddings(
    vocabulary.words,
    vocabulary.counts,
    open_vectors(settings["vectors"], snakemake.input),
    scale=settings["scale"],
    seed=settings["seed"],
    fallbacks=settings["fallbacks"],
)
save_matrix(embedding.matrix, snakemake.output.matrix)
write_coverage(embedding, snakemake.output.report, snakemake.output.misses)
