"""The table of times and throughputs, which no other result reads."""

from wordbridge.job import start_job
from wordbridge.report.tables import write_table
from wordbridge.report.translation import (
    CAPTION_TIME_TABLE as CAPTION,
)
from wordbridge.report.translation import (
    COLUMNS_TIME_TABLE as COLUMNS,
)
from wordbridge.report.translation import (
    joined_records,
    tabulate_times,
)

start_job(snakemake)

records = joined_records(snakemake.input.training, snakemake.input.decoding)
times = tabulate_times(records, **snakemake.params.settings)
write_table(times, snakemake.output[0].removesuffix(".tsv"), CAPTION, COLUMNS, group=True)
