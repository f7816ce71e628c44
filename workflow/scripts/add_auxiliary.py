"""The pairs with their splits, followed by auxiliary pairs from the same verses."""

from collections import Counter

from wordbridge.corpus.auxiliary import add_auxiliary, pair_clauses
from wordbridge.corpus.bible import SentenceOptions, read_verses
from wordbridge.corpus.pairs import read_tokenized, write_counts, write_tokenized
from wordbridge.corpus.tokenizer import TokenRules, tokenize_pairs
from wordbridge.job import start_job

start_job(snakemake)

settings = snakemake.params.settings
corpus, own = settings["corpus"], settings["auxiliary"]
paired: Counter[str] = Counter()
cut: Counter[str] = Counter()
added: Counter[str] = Counter()
versions = corpus["fr_versions"], corpus["en_versions"]
verses = read_verses(snakemake.input.verses, versions[0] + versions[1])
clauses = pair_clauses(
    verses, *versions, SentenceOptions(**corpus["sentences"]), own["max_en_words"], paired
)
others = tokenize_pairs(
    clauses,
    TokenRules(**settings["rules"]),
    cut,
    max_en_tokens=settings["max_en_tokens"],
    processes=snakemake.threads,
)
common = {"fr": own["fr_words"], "en": own["en_words"]}
pairs = add_auxiliary(read_tokenized(snakemake.input.pairs), others, common, added)
write_tokenized(snakemake.output.pairs, pairs)
write_counts(snakemake.output.clauses, paired)
write_counts(snakemake.output.tokens, cut)
write_counts(snakemake.output.report, added)
