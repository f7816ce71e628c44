"""The tables of the image side: both directions, best and worst nouns."""

from wordbridge.files import read_records
from wordbridge.job import start_job
from wordbridge.report.images import (
    CAPTION,
    WORDS_CAPTION,
    devise_columns,
    nouns_columns,
    tabulate_devise,
    tabulate_nouns,
)
from wordbridge.report.images import CAPTION_DEVISE_NOUNS as NOUNS_CAPTION
from wordbridge.report.tables import write_table

start_job(snakemake)

settings = snakemake.params.settings
records = read_records(snakemake.input)
scores = tabulate_devise(records, "rows", settings["published"])
words = tabulate_devise(records, "words")
nouns = tabulate_nouns(records, settings["method"], settings["count"], settings["images"])
stems = [
    outputs[0].removesuffix(".tsv")
    for outputs in (snakemake.output.scores, snakemake.output.words, snakemake.output.nouns)
]
write_table(scores, stems[0], CAPTION, devise_columns(scores), group=True)
write_table(words, stems[1], WORDS_CAPTION, devise_columns(words), group=True)
write_table(nouns, stems[2], NOUNS_CAPTION, nouns_columns(nouns), group=True)
