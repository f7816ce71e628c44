"""What one variant looks at while it translates one sample: heat map and the lesson's curves."""

from wordbridge.log import log_to
from wordbridge.report.attention_plots import attention_curves, attention_heat_map
from wordbridge.report.canvas import save_figure
from wordbridge.report.samples import attention_sample

log_to(snakemake)

weights, source, words = attention_sample(
    snakemake.input.translations,
    snakemake.input.attention,
    int(snakemake.wildcards.number),
    snakemake.params.settings["attention"],
)
save_figure(attention_heat_map(weights, source, words), snakemake.output.heat_map)
save_figure(attention_curves(weights, source, words), snakemake.output.curves)
