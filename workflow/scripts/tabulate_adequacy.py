"""The table of what translations keep: question word, question mark, names."""

from collections import defaultdict
from pathlib import Path

from wordbridge.job import start_job
from wordbridge.report.diagnostics import adequacy_counts, adequacy_table
from wordbridge.report.tables import save_table
from wordbridge.translation.bootstrap import Resampler
from wordbridge.translation.sentence_scores import read_sentence_scores
from wordbridge.translation.translations import read_translations

start_job(snakemake)

settings, counts = snakemake.params.settings, defaultdict(list)
for path in map(Path, snakemake.input.translations):
    rows = adequacy_counts(read_translations(path), settings["target"], settings["lowercase"])
    counts[path.parent.name].append(rows)
resampler = Resampler(read_sentence_scores(snakemake.input.groups))
save_table(adequacy_table(counts, resampler, settings["split"]), snakemake.output)
