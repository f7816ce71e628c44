"""Tables about the word vectors: their statistics, and how much of the text they cover."""

from wordbridge.corpus.special_tokens import SPECIALS
from wordbridge.corpus.vocabulary import read_vocabulary
from wordbridge.job import start_job
from wordbridge.report.corpus import WORD_PAIRS, coverage_table, vector_statistics, vectors_table
from wordbridge.report.tables import save_table
from wordbridge.vectors.readers import open_vectors, with_prefix

start_job(snakemake)

settings = snakemake.params.settings
inputs, rows = dict(snakemake.input.items()), []
for language, blocks in settings["vectors"].items():
    words = read_vocabulary(inputs[f"{language}_vocabulary"]).words[len(SPECIALS) :]
    for name, block in blocks.items():
        files = with_prefix(inputs, f"{language}_{name}_")
        row = vector_statistics(open_vectors(block, files), words, WORD_PAIRS[language])
        rows.append({"language": language, "kind": block["kind"], **row})
reports = {language: inputs[f"{language}_report"] for language in settings["vectors"]}
save_table(vectors_table(rows, settings["published"]), snakemake.output.vectors)
save_table(coverage_table(reports), snakemake.output.coverage)
