"""Tables about the corpus: pairs kept and rejected; lengths, types and tokens."""

from wordbridge.corpus.statistics import describe, read_reports
from wordbridge.corpus.tokenized import read_tokenized
from wordbridge.log import log_to
from wordbridge.report.tables import write_table

log_to(snakemake)

corpus = describe(read_tokenized(snakemake.input.pairs))
stem = snakemake.output.corpus[0].removesuffix(".tsv")
write_table(corpus, stem, "Lengths and words of each part, lengths in tokens.")
stem = snakemake.output.rejected[0].removesuffix(".tsv")
write_table(read_reports(snakemake.input.reports), stem, "Pairs read, rejected and kept, by step.")
