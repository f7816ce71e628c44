"""Question pairs from verses, aligned sentence by sentence."""

from collections import Counter

from wordbridge.corpus.bible import pair_sentences, read_verses
from wordbridge.corpus.pairs import write_counts, write_pairs
from wordbridge.job import start_job

start_job(snakemake)

corpus = snakemake.params.settings
report: Counter[str] = Counter()
verses = read_verses(snakemake.input.verses, corpus["fr_versions"] + corpus["en_versions"])
pairs = pair_sentences(verses, corpus["fr_versions"], corpus["en_versions"], report)
write_pairs(snakemake.output.pairs, pairs)
write_counts(snakemake.output.report, report)
