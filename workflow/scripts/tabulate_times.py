"""The table of times and throughputs, which no other result depends on."""

from wordbridge.job import start_job
from wordbridge.report.tables import save_table
from wordbridge.report.translation import joined_records, times_table

start_job(snakemake)

records = joined_records(snakemake.input.training, snakemake.input.decoding)
save_table(times_table(records, **snakemake.params.settings), snakemake.output)
