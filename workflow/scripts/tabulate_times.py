"""The table of times and throughputs, which no other result depends on."""

from pathlib import Path

from wordbridge.files import read_records
from wordbridge.job import start_job
from wordbridge.report.tables import save_table
from wordbridge.report.translation import times_table

start_job(snakemake)

training, decoding = snakemake.input.training, snakemake.input.decoding
variants = [Path(path).parent.name for path in training]
times = zip(variants, read_records(training), read_records(decoding), strict=True)
records = [{"variant": variant, **decoded, **trained} for variant, trained, decoded in times]
save_table(times_table(records, **snakemake.params.settings), snakemake.output)
