"""A table of how many words and how much of the text have a vector, and by which step."""

from wordbridge.log import log_to
from wordbridge.report.coverage_table import CAPTION, COLUMNS, tabulate_coverage
from wordbridge.report.tables import write_table

log_to(snakemake)

coverage = tabulate_coverage({"French": snakemake.input.fr, "English": snakemake.input.en})
write_table(coverage, snakemake.output[0].removesuffix(".tsv"), CAPTION, COLUMNS, group=True)
