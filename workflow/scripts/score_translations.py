"""All scores of one variant and seed."""

from wordbridge.corpus.tokenized import read_tokenized
from wordbridge.log import log_to
from wordbridge.translation.device import choose_device
from wordbridge.translation.evaluation import evaluate
from wordbridge.translation.records import write_record
from wordbridge.translation.saved import read_translator
from wordbridge.translation.translations import read_translations

log_to(snakemake)

settings = snakemake.params.settings
device = choose_device(settings["device"], settings["threads"])
model, description = read_translator(snakemake.input.model, snakemake.input.settings, device)
scores = evaluate(
    model,
    description,
    (snakemake.input.fr_ids, snakemake.input.en_ids),
    read_tokenized(snakemake.input.pairs),
    read_translations(snakemake.input.translations),
    settings,
)
run = {"variant": snakemake.wildcards.variant, "seed": int(snakemake.wildcards.seed)}
write_record(snakemake.output[0], run | scores)
