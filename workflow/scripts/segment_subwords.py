"""The pairs with SentencePiece pieces as tokens, and the model of each language."""

from wordbridge.corpus.pairs import read_tokenized, train_texts, write_tokenized
from wordbridge.corpus.subwords import segment_pairs, train_subwords, write_subwords
from wordbridge.job import start_job

start_job(snakemake)

pairs = read_tokenized(snakemake.input.pairs)
size = snakemake.params.settings
fr = train_subwords(train_texts(pairs, "fr"), size)
en = train_subwords(train_texts(pairs, "en"), size)
write_subwords(snakemake.output.fr, fr)
write_subwords(snakemake.output.en, en)
write_tokenized(snakemake.output.pairs, segment_pairs(pairs, {"fr": fr, "en": en}))
