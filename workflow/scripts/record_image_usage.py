"""How images become features, for `wordbridge search --image`."""

from wordbridge.job import log_to
from wordbridge.search.engine import write_usage

log_to(snakemake)

write_usage(snakemake.output[0], snakemake.params.settings, snakemake.input.weights)
