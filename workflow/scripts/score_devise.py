"""All scores of one method and seed of the picture side."""

from wordbridge.devise.evaluation import evaluate
from wordbridge.devise.noun_table import read_nouns
from wordbridge.devise.picture_table import read_pictures
from wordbridge.devise.predictions import read_predictions
from wordbridge.devise.words import read_words
from wordbridge.log import log_to
from wordbridge.translation.records import write_record

log_to(snakemake)

scores = evaluate(
    read_predictions(
        snakemake.input.predictions, snakemake.input.description, snakemake.input.rows
    ),
    read_pictures(snakemake.input.pictures),
    read_words(snakemake.input.vectors, snakemake.input.words, read_nouns(snakemake.input.nouns)),
    snakemake.params.settings,
)
run = {"method": snakemake.wildcards.method, "seed": int(snakemake.wildcards.seed)}
write_record(snakemake.output[0], run | scores)
