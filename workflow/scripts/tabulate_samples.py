"""The table of sample translations: source, reference, and the translation of each variant."""

from wordbridge.job import start_job
from wordbridge.report.tables import save_table
from wordbridge.report.translation import samples_table
from wordbridge.translation.translations import read_translations

start_job(snakemake)

settings = snakemake.params.settings
translations = map(read_translations, snakemake.input.translations)
by_variant = dict(zip(settings["variants"], translations, strict=True))
save_table(samples_table(by_variant, settings["count"], settings["split"]), snakemake.output)
