"""The pairs with their parts, and behind them auxiliary ones out of the same verses."""

from collections import Counter

from wordbridge.corpus.additions import add_auxiliary
from wordbridge.corpus.clauses import pair_clauses
from wordbridge.corpus.pairs import write_counts
from wordbridge.corpus.sentences import SentenceOptions
from wordbridge.corpus.tokenized import read_tokenized, write_tokenized
from wordbridge.corpus.tokens import TokenRules, tokenize_pairs
from wordbridge.corpus.verses import read_verses
from wordbridge.log import log_to

log_to(snakemake)

settings = snakemake.params.settings
corpus, own = settings["corpus"], settings["auxiliary"]
paired: Counter[str] = Counter()
cut: Counter[str] = Counter()
added: Counter[str] = Counter()
versions = corpus["fr_versions"], corpus["en_versions"]
verses = read_verses(snakemake.input.verses, versions[0] + versions[1])
clauses = pair_clauses(
    verses, *versions, SentenceOptions(**corpus["sentences"]), own["longest"], paired
)
others = tokenize_pairs(
    clauses,
    TokenRules(**settings["rules"]),
    cut,
    max_en_tokens=settings["longest"],
    processes=snakemake.threads,
)
common = {"fr": own["fr_words"], "en": own["en_words"]}
pairs = add_auxiliary(read_tokenized(snakemake.input.pairs), others, common, added)
write_tokenized(snakemake.output.pairs, pairs)
write_counts(snakemake.output.clauses, paired)
write_counts(snakemake.output.tokens, cut)
write_counts(snakemake.output.report, added)
