"""One language's vocabulary: the special tokens, then words in descending order of frequency."""

from wordbridge.corpus.pairs import read_tokenized, token_lists
from wordbridge.corpus.vocabulary import build_vocabulary, write_vocabulary
from wordbridge.job import start_job

start_job(snakemake)

settings = snakemake.params.settings
tokens = token_lists(
    read_tokenized(snakemake.input.pairs), snakemake.wildcards.language, settings["from_split"]
)
vocabulary = build_vocabulary(tokens, settings["size"], settings["min_count"])
write_vocabulary(vocabulary, snakemake.output.vocabulary)
