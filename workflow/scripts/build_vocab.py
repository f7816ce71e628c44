"""One language's words by falling frequency, the special tokens before them."""

from wordbridge.corpus.pairs import read_tokenized, token_lists
from wordbridge.corpus.vocabulary import build_vocabulary, write_vocabulary
from wordbridge.job import start_job

start_job(snakemake)

settings = snakemake.params.settings
tokens = token_lists(
    read_tokenized(snakemake.input.pairs), snakemake.wildcards.language, settings["counted_in"]
)
vocabulary = build_vocabulary(tokens, settings["size"], settings["min_count"])
write_vocabulary(vocabulary, snakemake.output.vocabulary)
