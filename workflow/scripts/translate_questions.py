"""Translations of the scored split, once per distinct source text."""

from wordbridge.corpus.pairs import read_tokenized
from wordbridge.corpus.vocabulary import read_vocabulary
from wordbridge.files import write_json
from wordbridge.job import start_job
from wordbridge.training.device import choose_device
from wordbridge.translation.translate import translate_split
from wordbridge.translation.translations import write_attention, write_translations
from wordbridge.translation.translator import read_translator

start_job(snakemake)

settings = snakemake.params.settings
device = choose_device(settings["device"], settings["threads"])
model, description = read_translator(snakemake.input.model, snakemake.input.settings, device)
vocabularies = {
    language: read_vocabulary(snakemake.input[f"{language}_vocabulary"])
    for language in ("fr", "en")
}
translations, times = translate_split(
    model, description, read_tokenized(snakemake.input.pairs), vocabularies, settings
)
write_translations(snakemake.output.translations, translations)
write_attention(snakemake.output.attention, translations)
write_json(snakemake.output.times, times)
