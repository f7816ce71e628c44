"""The pairs with their splits, followed by auxiliary pairs from the same verses."""

from collections import Counter

from wordbridge.corpus.auxiliary import add_auxiliary, pair_clauses
from wordbridge.corpus.bible import read_verses
from wordbridge.corpus.pairs import read_tokenized, write_counts, write_tokenized
from wordbridge.corpus.tokenizer import tokenize_pairs
from wordbridge.job import start_job

start_job(snakemake)

settings = snakemake.params.settings
corpus, auxiliary = settings["corpus"], settings["auxiliary"]
versions = corpus["fr_versions"], corpus["en_versions"]
clause_report: Counter[str] = Counter()
token_report: Counter[str] = Counter()
report: Counter[str] = Counter()
clauses = pair_clauses(
    read_verses(snakemake.input.verses, versions[0] + versions[1]),
    *versions,
    auxiliary["max_en_words"],
    clause_report,
)
candidates = tokenize_pairs(
    clauses, settings["rules"], token_report, settings["max_en_tokens"], snakemake.threads
)
common_words = {"fr": auxiliary["fr_words"], "en": auxiliary["en_words"]}
pairs = add_auxiliary(read_tokenized(snakemake.input.pairs), candidates, common_words, report)
write_tokenized(snakemake.output.pairs, pairs)
write_counts(snakemake.output.clauses, clause_report)
write_counts(snakemake.output.tokens, token_report)
write_counts(snakemake.output.report, report)
