"""The pairs with the split of each."""

from wordbridge.corpus.pairs import read_tokenized, write_tokenized
from wordbridge.corpus.splits import split_pairs
from wordbridge.job import start_job

start_job(snakemake)

pairs = split_pairs(read_tokenized(snakemake.input.pairs), snakemake.params.settings)
write_tokenized(snakemake.output.pairs, pairs)
