"""A table of how many words and how much of the text have a vector, and by which step."""

from wordbridge.job import start_job
from wordbridge.report.corpus import (
    CAPTION_COVERAGE_TABLE as CAPTION,
)
from wordbridge.report.corpus import (
    COLUMNS_COVERAGE_TABLE as COLUMNS,
)
from wordbridge.report.corpus import (
    tabulate_coverage,
)
from wordbridge.report.tables import write_table

start_job(snakemake)

coverage = tabulate_coverage({"French": snakemake.input.fr, "English": snakemake.input.en})
write_table(coverage, snakemake.output[0].removesuffix(".tsv"), CAPTION, COLUMNS, group=True)
