"""The explorer: all sentences with each variant, and images to search, in one page."""

from wordbridge.job import start_job
from wordbridge.report.explorer import build_explorer
from wordbridge.report.tables import save_text

start_job(snakemake)

page = build_explorer(snakemake.params.settings, snakemake.input)
save_text(page, snakemake.output[0])
