"""How new texts are cut and translated, and by which models, for the command line."""

from wordbridge.files import write_record
from wordbridge.job import log_to

log_to(snakemake)

write_record(snakemake.output[0], snakemake.params.settings)
