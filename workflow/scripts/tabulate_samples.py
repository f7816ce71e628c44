"""Sample translations: source, reference, and what each variant makes of it."""

from wordbridge.job import start_job
from wordbridge.report.tables import write_table
from wordbridge.report.translation import CAPTION, COLUMNS, samples_of
from wordbridge.translation.translations import read_translations

start_job(snakemake)

settings = snakemake.params.settings
made = [read_translations(path) for path in snakemake.input.translations]
samples = samples_of(dict(zip(settings["variants"], made, strict=True)), settings["count"])
caption = CAPTION.format(split=settings["split"])
write_table(samples, snakemake.output[0].removesuffix(".tsv"), caption, COLUMNS, group=True)
