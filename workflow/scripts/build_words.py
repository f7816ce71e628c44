"""The English words of queries, and their vectors."""

from pathlib import Path

from wordbridge.files import file_sha256
from wordbridge.job import start_job
from wordbridge.nouns.table import read_nouns
from wordbridge.search.words import noun_words, words_to_search, write_words
from wordbridge.vectors.readers import open_concatenation

start_job(snakemake)

settings = snakemake.params.settings
needed = noun_words(read_nouns(snakemake.input.nouns))
vectors = open_concatenation(settings["vectors"], snakemake.input)
words, matrix = words_to_search(needed, vectors, snakemake.input, settings["most_frequent"])
folder = Path(snakemake.output[0]).parent
write_words(folder, words, matrix, file_sha256(snakemake.input.noun_vectors))
