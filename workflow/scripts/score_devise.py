"""All scores of one method and seed on images."""

from wordbridge.devise.evaluation import evaluate
from wordbridge.devise.predictions import read_predictions
from wordbridge.devise.similarity import read_word_space
from wordbridge.files import write_json
from wordbridge.images.table import read_images
from wordbridge.job import start_job
from wordbridge.nouns.table import read_nouns

start_job(snakemake)

scores = evaluate(
    read_predictions(
        snakemake.input.predictions, snakemake.input.description, snakemake.input.rows
    ),
    read_images(snakemake.input.images),
    read_word_space(
        snakemake.input.vectors, snakemake.input.words, read_nouns(snakemake.input.nouns)
    ),
    snakemake.params.settings,
)
run = {"method": snakemake.wildcards.method, "seed": int(snakemake.wildcards.seed)}
write_json(snakemake.output[0], run | scores)
