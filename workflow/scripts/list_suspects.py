"""A table of pictures that look mislabelled: far from their noun, close to another."""

from wordbridge.devise.noun_table import read_nouns
from wordbridge.devise.picture_table import read_pictures
from wordbridge.devise.predictions import read_predictions
from wordbridge.devise.suspects import suspects
from wordbridge.devise.words import read_words
from wordbridge.log import log_to
from wordbridge.report.suspect_table import CAPTION, COLUMNS, tabulate_suspects
from wordbridge.report.tables import write_table

log_to(snakemake)

found = suspects(
    read_predictions(
        snakemake.input.predictions, snakemake.input.description, snakemake.input.rows
    ),
    read_pictures(snakemake.input.pictures),
    read_words(snakemake.input.vectors, snakemake.input.words, read_nouns(snakemake.input.nouns)),
    snakemake.params.settings,
)
write_table(tabulate_suspects(found), snakemake.output[0].removesuffix(".tsv"), CAPTION, COLUMNS)
