"""How images become features, for `wordbridge search --image`."""

from wordbridge.job import start_job
from wordbridge.search.engine import write_usage

start_job(snakemake)

write_usage(snakemake.output[0], snakemake.params.settings, snakemake.input.weights)
