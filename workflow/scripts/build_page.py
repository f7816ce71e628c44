"""The summary page: every table and figure of the run, and what stands in which folder."""

from wordbridge.job import start_job
from wordbridge.report.page import summary_page, write_page

start_job(snakemake)

page = summary_page(
    snakemake.params.settings["title"],
    snakemake.output[0],
    snakemake.input.tables,
    snakemake.input.figures,
    snakemake.params.settings["absent"],
)
write_page(page, snakemake.output[0])
