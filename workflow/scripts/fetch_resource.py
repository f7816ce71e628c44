"""Fetch one file from the first of its locations that has the right one."""

from pathlib import Path

from wordbridge.job import start_job
from wordbridge.sources.fetch import fetch

start_job(snakemake)

fetch(
    snakemake.wildcards.resource,
    snakemake.params.entry,
    Path(snakemake.output[0]),
    store=Path("resources/store"),
    manual=Path("resources/manual"),
    omission=snakemake.params.omission,
)
