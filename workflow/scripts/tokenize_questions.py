"""The pairs as tokens, without pairs that are too long."""

from collections import Counter

from wordbridge.corpus.pairs import read_pairs, write_counts, write_tokenized
from wordbridge.corpus.tokenizer import tokenize_pairs, write_tokenizer
from wordbridge.job import start_job

start_job(snakemake)

settings = snakemake.params.settings
report: Counter[str] = Counter()
pairs = tokenize_pairs(
    read_pairs(snakemake.input.pairs),
    settings["rules"],
    report,
    settings["max_en_tokens"],
    snakemake.threads,
)
write_tokenized(snakemake.output.pairs, pairs)
write_counts(snakemake.output.report, report)
for language in ("fr", "en"):
    write_tokenizer(snakemake.output[language], language)
