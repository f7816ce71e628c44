"""The scorecard: the lesson's claims, what this run measures, and the verdicts."""

from wordbridge.files import read_records
from wordbridge.job import start_job
from wordbridge.report.scorecard import (
    factorial_claims,
    figure_claims,
    image_claims,
    scorecard_table,
    translation_claims,
)
from wordbridge.report.tables import save_table
from wordbridge.translation.bootstrap import read_runs

start_job(snakemake)

settings, order = snakemake.params.settings, snakemake.params.order
runs = read_runs(order["variants"], order["seeds"], snakemake.input.sentences)
claims = [
    *translation_claims(settings["levels"], runs),
    *factorial_claims(settings["factorial"], runs),
    *figure_claims(read_records(snakemake.input.scores)),
    *image_claims(read_records(snakemake.input.devise)),
]
save_table(scorecard_table(claims, settings["corpus"], settings["results"]), snakemake.output)
