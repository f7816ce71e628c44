"""The table and the figure of ablations: the effects of single changes to a translator."""

import numpy as np

from wordbridge.corpus.ids import read_ids
from wordbridge.corpus.pairs import read_tokenized
from wordbridge.corpus.splits import leaking_texts
from wordbridge.job import start_job
from wordbridge.report.effects import METRICS, ablations_table, effects_figure, updates_text
from wordbridge.report.figures import save_figure
from wordbridge.report.tables import save_table
from wordbridge.report.training import schedule_curves
from wordbridge.translation.bootstrap import Resampler, few_sentences_note, read_runs
from wordbridge.translation.effects import ablations, runs_by_leak
from wordbridge.translation.sentence_scores import read_sentence_scores

start_job(snakemake)

settings, order = snakemake.params.settings, snakemake.params.order
seeds, name = len(order["seeds"]), settings["baseline"]
variants = read_runs(snakemake.input.sentences)
baseline = variants.pop(name)
experiments = np.reshape(snakemake.input.experiments, (-1, seeds))
names = zip(order["experiments"], experiments, snakemake.input.pairs, strict=True)
for experiment, scores, pairs in names:
    leaks = leaking_texts(read_tokenized(pairs), settings["split"], settings["source"])
    variants |= runs_by_leak(experiment, list(map(read_sentence_scores, scores)), leaks)
effects = {metric: ablations(baseline, variants, metric) for metric in METRICS}
means = {metric: Resampler(baseline[0]).mean_scores(baseline, metric)[0] for metric in METRICS}
rates, _ = schedule_curves(settings["schedules"], read_ids(snakemake.input.ids))
updates = updates_text(len(rates[name]), settings["stops_early"])
note = few_sentences_note({name: baseline, **variants})
table = ablations_table(effects, name, means, seeds, updates, settings["split"], note)
save_table(table, snakemake.output.tables)
title = f"What a single change to {name} does"
save_figure(effects_figure(effects, title), snakemake.output.figure)
