"""The table and the figure of the factorial experiment: effects of its factors."""

from wordbridge.corpus.ids import read_ids
from wordbridge.job import start_job
from wordbridge.report.effects import (
    METRICS,
    TIMES,
    effects_figure,
    factorial_table,
    updates_text,
)
from wordbridge.report.figures import save_figure
from wordbridge.report.tables import save_table
from wordbridge.report.training import schedule_curves
from wordbridge.translation.bootstrap import few_sentences_note, read_runs
from wordbridge.translation.effects import factorial_effects

start_job(snakemake)

settings = snakemake.params.settings
runs = read_runs(snakemake.input.sentences)
effects = {metric: factorial_effects(settings["levels"], runs, metric) for metric in METRICS}
rates, _ = schedule_curves(settings["schedules"], read_ids(snakemake.input.ids))
(updates,) = map(len, rates.values())
steps = updates_text(updates, settings["stops_early"])
note = few_sentences_note(runs)
table = factorial_table(effects, len(settings["seeds"]), steps, settings["split"], note)
save_table(table, snakemake.output.tables)
title = f"What each idea adds, alone (top) and in combination ({TIMES})"
save_figure(effects_figure(effects, title), snakemake.output.figure)
