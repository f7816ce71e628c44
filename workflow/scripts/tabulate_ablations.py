"""The table and the figure of ablations: the effects of single changes to a translator."""

from wordbridge.corpus.ids import read_ids
from wordbridge.corpus.pairs import read_tokenized
from wordbridge.corpus.splits import leaking_texts
from wordbridge.job import start_job
from wordbridge.report.effects import METRICS, ablations_table, effects_figure
from wordbridge.report.figures import save_figure, schedule_curves
from wordbridge.report.tables import save_table
from wordbridge.translation.bootstrap import Resampler, read_runs
from wordbridge.translation.effects import ablations, runs_by_leak

start_job(snakemake)

settings, order = snakemake.params.settings, snakemake.params.order
seeds, name = order["seeds"], settings["baseline"]
variants = read_runs(order["variants"], seeds, snakemake.input.sentences)
experiments = read_runs(order["experiments"], seeds, snakemake.input.experiments)
baseline = variants.pop(name)
for (experiment, runs), path in zip(experiments.items(), snakemake.input.pairs, strict=True):
    leaks = leaking_texts(read_tokenized(path), settings["split"], settings["source"])
    variants |= runs_by_leak(experiment, runs, leaks)
effects = ablations(baseline, variants, list(METRICS))
scores = {metric: Resampler(baseline[0], 0).mean_scores(baseline, metric)[0] for metric in METRICS}
rates, _ = schedule_curves(settings["schedules"], read_ids(snakemake.input.ids))
table = ablations_table(effects, name, scores, len(seeds), len(rates[name]), settings["split"])
save_table(table, snakemake.output.tables)
title = f"What a single change to {name} does"
save_figure(effects_figure(effects, title), snakemake.output.figure)
