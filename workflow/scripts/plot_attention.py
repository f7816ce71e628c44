"""The attention of one variant in one sample translation: heat map and curves."""

from wordbridge.job import start_job
from wordbridge.report.attention import attention_curves, attention_heat_map
from wordbridge.report.figures import save_figure
from wordbridge.report.translation import attention_sample

start_job(snakemake)

sample = attention_sample(
    snakemake.input.translations,
    snakemake.input.attention,
    int(snakemake.wildcards.number),
    snakemake.params.settings["count"],
)
title = f"{snakemake.wildcards.variant}, sample {snakemake.wildcards.number}"
save_figure(attention_heat_map(*sample, title=title), snakemake.output.heat_map)
save_figure(attention_curves(*sample, title=title), snakemake.output.curves)
