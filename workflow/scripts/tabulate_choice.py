"""The table of what decided which method is searched with."""

from wordbridge.files import read_records
from wordbridge.job import log_to
from wordbridge.report.choice_table import choice_caption, choice_columns, tabulate_choice
from wordbridge.report.tables import write_table

log_to(snakemake)

(choice,) = read_records(snakemake.input)
stem = snakemake.output[0].removesuffix(".tsv")
write_table(tabulate_choice(choice), stem, choice_caption(choice), choice_columns(choice))
