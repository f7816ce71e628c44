"""All scores of one variant and seed."""

from wordbridge.corpus.pairs import read_tokenized
from wordbridge.files import write_json
from wordbridge.job import start_job
from wordbridge.training.device import choose_device
from wordbridge.translation.scores import evaluate
from wordbridge.translation.sentence_scores import write_sentence_scores
from wordbridge.translation.translations import read_translations
from wordbridge.translation.translator import read_translator

start_job(snakemake)

settings = snakemake.params.settings
device = choose_device(settings["device"], settings["threads"])
model, description = read_translator(snakemake.input.model, snakemake.input.settings, device)
scores, sentences = evaluate(
    model,
    description,
    (snakemake.input.fr_ids, snakemake.input.en_ids),
    read_tokenized(snakemake.input.pairs),
    read_translations(snakemake.input.translations),
    settings,
)
run = {"variant": snakemake.wildcards.variant, "seed": int(snakemake.wildcards.seed)}
write_json(snakemake.output.scores, run | scores)
write_sentence_scores(snakemake.output.sentences, sentences)
