"""Tables about the corpus: lengths, rejected pairs, leaks between the splits."""

from wordbridge.corpus.pairs import read_tokenized
from wordbridge.job import start_job
from wordbridge.report.corpus import leakage_table, lengths_table, rejections_table
from wordbridge.report.tables import save_table

start_job(snakemake)

pairs = read_tokenized(snakemake.input.pairs)
save_table(lengths_table(pairs), snakemake.output.lengths)
save_table(rejections_table(snakemake.input.reports), snakemake.output.rejected)
save_table(leakage_table(pairs), snakemake.output.leaks)
