"""The table of what translations keep: question word, question mark, names."""

from wordbridge.job import start_job
from wordbridge.report.diagnostics import adequacy_counts, adequacy_table
from wordbridge.report.tables import save_table
from wordbridge.translation.bootstrap import Resampler
from wordbridge.translation.sentence_scores import read_sentence_scores
from wordbridge.translation.translations import read_translations

start_job(snakemake)

settings, order = snakemake.params.settings, snakemake.params.order
counts = [
    adequacy_counts(read_translations(path), settings["target"], settings["lowercase"])
    for path in snakemake.input.translations
]
size = len(order["seeds"])
runs = {name: counts[n * size : (n + 1) * size] for n, name in enumerate(order["variants"])}
resampler = Resampler(read_sentence_scores(snakemake.input.groups))
save_table(adequacy_table(runs, resampler, settings["split"]), snakemake.output)
