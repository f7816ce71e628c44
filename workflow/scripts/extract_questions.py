"""Pairs that match the lesson's two regular expressions, and counts of the rejected ones."""

from collections import Counter

from wordbridge.corpus.pairs import write_counts, write_pairs
from wordbridge.corpus.questions import extract_corpus
from wordbridge.job import start_job

start_job(snakemake)

settings = snakemake.params.settings
report: Counter[str] = Counter()
pairs = extract_corpus(
    settings["corpus"], snakemake.input, settings["questions"], report, snakemake.threads
)
write_pairs(snakemake.output.pairs, pairs)
write_counts(snakemake.output.report, report)
