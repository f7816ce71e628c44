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
from wordbridge.translation.bootstrap import runs_by_variant
from wordbridge.translation.sentence_scores import read_sentence_scores

start_job(snakemake)

settings, order = snakemake.params.settings, snakemake.params.order
names = [name for name in order["variants"] for _ in order["seeds"]]
runs = runs_by_variant(names, [read_sentence_scores(p) for p in snakemake.input.sentences])
levels, factorial = settings["levels"], settings["factorial"]
claims = [
    *translation_claims(levels, runs),
    *factorial_claims(factorial, runs),
    *figure_claims(read_records(snakemake.input.scores)),
    *image_claims(read_records(snakemake.input.devise)),
]
save_table(scorecard_table(claims, settings["corpus"], settings["results"]), snakemake.output)
