"""One language's texts as token ids, truncated at a percentile of their lengths."""

from wordbridge.corpus.ids import write_ids
from wordbridge.corpus.pairs import read_tokenized, token_lists, versions
from wordbridge.corpus.vocabulary import numericalize, read_vocabulary
from wordbridge.job import start_job

start_job(snakemake)

settings, language = snakemake.params.settings, snakemake.wildcards.language
pairs = read_tokenized(snakemake.input.pairs)
ids = numericalize(
    token_lists(pairs, language, "all"),
    [pair.split for pair in pairs],
    read_vocabulary(snakemake.input.vocabulary),
    settings[f"{language}_percentile"],
    settings["from_split"],
    settings["keep_eos"],
    versions(pairs, language),
)
write_ids(ids, snakemake.output.ids)
