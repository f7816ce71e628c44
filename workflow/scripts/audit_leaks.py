"""A table of what the splits share: equal and similar texts, versions of one verse."""

from wordbridge.corpus.pairs import read_tokenized
from wordbridge.job import start_job
from wordbridge.report.corpus import CAPTION, COLUMNS, audit
from wordbridge.report.tables import write_table

start_job(snakemake)

leaks = audit(read_tokenized(snakemake.input.pairs))
write_table(leaks, snakemake.output[0].removesuffix(".tsv"), CAPTION, COLUMNS)
