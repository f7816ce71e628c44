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
from wordbridge.translation.bootstrap import few_sentences_note, read_runs

start_job(snakemake)

settings = snakemake.params.settings
runs = read_runs(snakemake.input.sentences)
claims = [
    *translation_claims(settings["levels"], runs),
    *factorial_claims(settings["factorial"], runs),
    *figure_claims(read_records(snakemake.input.scores)),
    *image_claims(read_records(snakemake.input.devise)),
]
table = scorecard_table(claims, settings["corpus"], settings["results"], few_sentences_note(runs))
save_table(table, snakemake.output)
