"""A table of images that look mislabelled to the method that is searched with."""

from wordbridge.devise.evaluation import read_words
from wordbridge.devise.label_errors import suspects
from wordbridge.devise.predictions import read_predictions
from wordbridge.images.table import read_images
from wordbridge.job import start_job
from wordbridge.nouns.table import read_nouns
from wordbridge.report.images import label_errors_table
from wordbridge.report.tables import save_table

start_job(snakemake)

settings = snakemake.params.settings
found = suspects(
    read_predictions(
        snakemake.input.predictions, snakemake.input.description, snakemake.input.rows
    ),
    read_images(snakemake.input.images),
    read_words(snakemake.input.vectors, snakemake.input.words, read_nouns(snakemake.input.nouns)),
    settings,
)
save_table(label_errors_table(found, settings["method"], settings["seed"]), snakemake.output)
