"""A table of how many nouns have a word vector, and how it is found."""

from wordbridge.log import log_to
from wordbridge.report.noun_table import CAPTION, COLUMNS, tabulate_nouns
from wordbridge.report.tables import write_table

log_to(snakemake)

coverage = tabulate_nouns(snakemake.input[0])
write_table(coverage, snakemake.output[0].removesuffix(".tsv"), CAPTION, COLUMNS)
