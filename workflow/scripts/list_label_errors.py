"""A table of possible label errors, by the predictions of search.method."""

from wordbridge.devise.label_errors import find_label_errors
from wordbridge.devise.predictions import read_predictions
from wordbridge.devise.similarity import read_word_space
from wordbridge.images.table import read_images
from wordbridge.job import start_job
from wordbridge.nouns.table import read_nouns
from wordbridge.report.images import label_errors_table
from wordbridge.report.tables import save_table

start_job(snakemake)

settings = snakemake.params.settings
errors = find_label_errors(
    read_predictions(
        snakemake.input.predictions, snakemake.input.description, snakemake.input.rows
    ),
    read_images(snakemake.input.images),
    read_word_space(
        snakemake.input.vectors, snakemake.input.words, read_nouns(snakemake.input.nouns)
    ),
    settings,
)
save_table(label_errors_table(errors, settings["method"], settings["seed"]), snakemake.output)
