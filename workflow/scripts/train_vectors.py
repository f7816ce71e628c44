"""fastText skip-gram vectors trained on one language's train and auxiliary text."""

from wordbridge.corpus.pairs import read_tokenized, token_lists
from wordbridge.job import start_job
from wordbridge.vectors.skipgram import train_vectors

start_job(snakemake)

tokens = token_lists(read_tokenized(snakemake.input.pairs), snakemake.wildcards.language, "train")
train_vectors(tokens, snakemake.output.bin, snakemake.params.settings)
