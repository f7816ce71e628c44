"""A table of how many nouns have a word vector, and how it is found."""

from wordbridge.job import start_job
from wordbridge.report.images import (
    CAPTION_NOUN_TABLE as CAPTION,
)
from wordbridge.report.images import (
    COLUMNS,
)
from wordbridge.report.images import (
    tabulate_nouns_noun_table as tabulate_nouns,
)
from wordbridge.report.tables import write_table

start_job(snakemake)

coverage = tabulate_nouns(snakemake.input[0])
write_table(coverage, snakemake.output[0].removesuffix(".tsv"), CAPTION, COLUMNS)
