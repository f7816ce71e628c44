"""A SentencePiece model of one language's train part."""

from wordbridge.corpus.pairs import read_tokenized, train_texts
from wordbridge.corpus.subwords import train_pieces, write_pieces
from wordbridge.job import start_job

start_job(snakemake)

texts = train_texts(read_tokenized(snakemake.input.pairs), snakemake.wildcards.language)
write_pieces(snakemake.output.model, train_pieces(texts, snakemake.params.settings))
