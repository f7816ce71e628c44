"""Which method the search uses, and the figures that decided."""

from wordbridge.devise.choice import choose_method
from wordbridge.log import log_to
from wordbridge.translation.records import read_records, write_record

log_to(snakemake)

choice = choose_method(read_records(snakemake.input), snakemake.params.settings)
write_record(snakemake.output[0], choice)
