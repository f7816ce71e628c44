"""French words in the space of the English ones, by an orthogonal map fitted on names of images."""

from pathlib import Path

from wordbridge.images.table import read_images
from wordbridge.job import start_job
from wordbridge.search.french import align, mean_vectors, name_pairs
from wordbridge.search.words import read_words, words_to_search, write_words
from wordbridge.vectors.readers import open_vectors

start_job(snakemake)

settings = snakemake.params.settings
pairs = name_pairs(read_images(snakemake.input.images))
english = read_words(Path(snakemake.input.english[0]).parent)
french = open_vectors(settings["vectors"], snakemake.input)
source = mean_vectors([pair.fr for pair in pairs], french)
target = mean_vectors([pair.en for pair in pairs], english)
needed = sorted({word for pair in pairs for word in pair.fr})
words, matrix = words_to_search(needed, french, snakemake.input, settings["most_frequent"])
folder = Path(snakemake.output[0]).parent
write_words(folder, words, align(matrix, source, target), english.word_vectors)
