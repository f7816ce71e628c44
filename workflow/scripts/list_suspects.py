"""A table of pictures that look mislabelled to the method that is searched with."""

from wordbridge.devise.choice import chosen_file
from wordbridge.devise.noun_table import read_nouns
from wordbridge.devise.picture_table import read_pictures
from wordbridge.devise.predictions import read_predictions
from wordbridge.devise.suspects import suspects
from wordbridge.devise.words import read_words
from wordbridge.log import log_to
from wordbridge.report.suspect_table import COLUMNS, caption, tabulate_suspects
from wordbridge.report.tables import write_table
from wordbridge.translation.records import read_records

log_to(snakemake)

settings = snakemake.params.settings
(choice,) = read_records([snakemake.input.choice])
values, description = (
    chosen_file(choice["method"], snakemake.input.files, name)
    for name in ("predictions.npy", "predictions.json")
)
found = suspects(
    read_predictions(values, description, snakemake.input.rows),
    read_pictures(snakemake.input.pictures),
    read_words(snakemake.input.vectors, snakemake.input.words, read_nouns(snakemake.input.nouns)),
    settings,
)
stem = snakemake.output[0].removesuffix(".tsv")
write_table(tabulate_suspects(found), stem, caption(choice["method"], settings["seed"]), COLUMNS)
