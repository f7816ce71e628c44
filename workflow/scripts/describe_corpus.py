"""Tables about the corpus: pairs kept and rejected; lengths, types and tokens."""

from wordbridge.corpus.pairs import read_tokenized
from wordbridge.job import start_job
from wordbridge.report.corpus import (
    LENGTHS_CAPTION,
    LENGTHS_COLUMNS,
    PAIRS_CAPTION,
    PAIRS_COLUMNS,
    describe,
    read_reports,
)
from wordbridge.report.tables import write_table

start_job(snakemake)

corpus = describe(read_tokenized(snakemake.input.pairs))
stem = snakemake.output.corpus[0].removesuffix(".tsv")
write_table(corpus, stem, LENGTHS_CAPTION, LENGTHS_COLUMNS, group=True)
stem = snakemake.output.rejected[0].removesuffix(".tsv")
pairs = read_reports(snakemake.input.reports)
write_table(pairs, stem, PAIRS_CAPTION, PAIRS_COLUMNS, group=True)
