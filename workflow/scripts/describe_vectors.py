"""Tables about the word vectors: their statistics, and how much of the text they cover."""

from wordbridge.corpus.special_tokens import SPECIALS
from wordbridge.corpus.vocabulary import read_vocabulary
from wordbridge.job import start_job
from wordbridge.report.corpus import WORD_PAIRS, coverage_table, vector_statistics, vectors_table
from wordbridge.report.tables import save_table
from wordbridge.vectors.readers import open_vectors

start_job(snakemake)

settings = snakemake.params.settings
statistics = {}
for language, block in settings["vectors"].items():
    start = f"{language}_"
    files = {k.removeprefix(start): v for k, v in snakemake.input.items() if k.startswith(start)}
    vectors = open_vectors(block, files)
    words = read_vocabulary(files["vocabulary"]).words[len(SPECIALS) :]
    word_pairs = {"fr": (), "en": WORD_PAIRS}[language]
    row = vector_statistics(vectors, words, word_pairs)
    statistics[language] = {"kind": block["kind"], **row}
reports = {language: snakemake.input[f"{language}_report"] for language in statistics}
save_table(vectors_table(statistics, settings["published"]), snakemake.output.vectors)
save_table(coverage_table(reports), snakemake.output.coverage)
