"""How new texts are cut and translated, and by which models, for the command line."""

from wordbridge.log import log_to
from wordbridge.translation.records import write_record

log_to(snakemake)

write_record(snakemake.output[0], snakemake.params.settings)
