"""The pairs with the part that each belongs to, and an audit of what the parts share."""

from wordbridge.corpus.leaks import audit
from wordbridge.corpus.partition import split_pairs
from wordbridge.corpus.tokenized import read_tokenized, write_tokenized
from wordbridge.log import log_to
from wordbridge.report.leak_table import CAPTION, COLUMNS
from wordbridge.report.tables import write_table

log_to(snakemake)

pairs = split_pairs(read_tokenized(snakemake.input.pairs), snakemake.params.settings)
write_tokenized(snakemake.output.pairs, pairs)
stem = snakemake.output.leaks[0].removesuffix(".tsv")
write_table(audit(pairs), stem, CAPTION, COLUMNS)
