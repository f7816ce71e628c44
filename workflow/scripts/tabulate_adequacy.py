"""The table of what translations keep: question word, question mark, names."""

from wordbridge.job import start_job
from wordbridge.report.diagnostics import adequacy_counts, adequacy_table
from wordbridge.report.tables import save_table
from wordbridge.translation.bootstrap import Resampler, runs_by_variant
from wordbridge.translation.sentence_scores import read_sentence_scores
from wordbridge.translation.translations import read_translations

start_job(snakemake)

settings, order = snakemake.params.settings, snakemake.params.order
counts = [
    adequacy_counts(read_translations(path), settings["target"], settings["lowercase"])
    for path in snakemake.input.translations
]
names = [name for name in order["variants"] for _ in order["seeds"]]
resampler = Resampler(read_sentence_scores(snakemake.input.groups))
save_table(
    adequacy_table(runs_by_variant(names, counts), resampler, settings["split"]), snakemake.output
)
