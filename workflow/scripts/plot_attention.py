"""What one variant looks at while it translates a sample of the table: heat map and curves."""

from wordbridge.job import start_job
from wordbridge.report.figures import attention_curves, attention_heat_map, save_figure
from wordbridge.report.translation import attention_sample

start_job(snakemake)

weights, source, words = attention_sample(
    snakemake.input.translations,
    snakemake.input.attention,
    int(snakemake.wildcards.number),
    snakemake.params.settings["count"],
)
title = f"{snakemake.wildcards.variant}, sample {snakemake.wildcards.number}"
save_figure(attention_heat_map(weights, source, words, title), snakemake.output.heat_map)
save_figure(attention_curves(weights, source, words, title=title), snakemake.output.curves)
