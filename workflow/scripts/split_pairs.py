"""The pairs with the part that each belongs to."""

from wordbridge.corpus.partition import split_pairs
from wordbridge.corpus.tokenized import read_tokenized, write_tokenized
from wordbridge.log import log_to

log_to(snakemake)

pairs = split_pairs(read_tokenized(snakemake.input.pairs), snakemake.params.settings)
write_tokenized(snakemake.output.pairs, pairs)
