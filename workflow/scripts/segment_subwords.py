"""The pairs with SentencePiece pieces as tokens, and the model of each language."""

from wordbridge.corpus.pairs import read_tokenized, write_tokenized
from wordbridge.corpus.subwords import segment_pairs, train_subwords, write_sentencepiece
from wordbridge.job import start_job

start_job(snakemake)

pairs = read_tokenized(snakemake.input.pairs)
models = train_subwords(pairs, snakemake.params.settings)
write_sentencepiece(snakemake.output.fr, models["fr"])
write_sentencepiece(snakemake.output.en, models["en"])
write_tokenized(snakemake.output.pairs, segment_pairs(pairs, models))
