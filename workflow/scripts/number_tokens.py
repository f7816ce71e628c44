"""One language's texts as word numbers, ended and cut at a percentile of their lengths."""

from wordbridge.corpus.ids import write_ids
from wordbridge.corpus.pairs import read_tokenized, token_lists, versions
from wordbridge.corpus.vocabulary import number_texts, read_vocabulary
from wordbridge.job import start_job

start_job(snakemake)

settings, language = snakemake.params.settings, snakemake.wildcards.language
pairs = read_tokenized(snakemake.input.pairs)
numbered = number_texts(
    token_lists(pairs, language, "all"),
    [pair.part for pair in pairs],
    read_vocabulary(snakemake.input.vocabulary),
    settings[f"{language}_percentile"],
    settings["measured_in"],
    settings["keep_eos"],
    versions(pairs, language),
)
write_ids(numbered, snakemake.output.ids)
