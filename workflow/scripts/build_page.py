"""The summary page: the main results of the run, and every table and figure."""

from pathlib import Path

from wordbridge.job import start_job
from wordbridge.report.page import build_page
from wordbridge.report.tables import save_text

start_job(snakemake)

page = build_page(
    snakemake.params.settings["title"],
    Path(snakemake.output[0]).parent,
    snakemake.input.tables,
    snakemake.input.figures,
    snakemake.input.numbers,
    snakemake.params.settings["times"],
)
save_text(page, snakemake.output[0])
