"""The table and the figure of the attention's statistics: one row or bar per variant."""

from wordbridge.files import read_records
from wordbridge.job import start_job
from wordbridge.report.diagnostics import attention_figure, attention_table
from wordbridge.report.figures import save_figure
from wordbridge.report.tables import save_table

start_job(snakemake)

records = read_records(snakemake.input.records)
table = attention_table(records, snakemake.params.settings["split"])
save_table(table, snakemake.output.tables)
save_figure(attention_figure(table), snakemake.output.figure)
