"""A table of what the parts share: equal and like texts, versions of one verse."""

from wordbridge.corpus.leaks import audit
from wordbridge.corpus.tokenized import read_tokenized
from wordbridge.log import log_to
from wordbridge.report.leak_table import CAPTION, COLUMNS
from wordbridge.report.tables import write_table

log_to(snakemake)

leaks = audit(read_tokenized(snakemake.input.pairs))
write_table(leaks, snakemake.output[0].removesuffix(".tsv"), CAPTION, COLUMNS)
