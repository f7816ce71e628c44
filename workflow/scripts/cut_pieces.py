"""The pairs with pieces in place of words."""

from wordbridge.corpus.pairs import read_tokenized, write_tokenized
from wordbridge.corpus.subwords import cut_pairs, read_pieces
from wordbridge.job import start_job

start_job(snakemake)

models = {language: read_pieces(snakemake.input[language]) for language in ("fr", "en")}
write_tokenized(snakemake.output.pairs, cut_pairs(read_tokenized(snakemake.input.pairs), models))
