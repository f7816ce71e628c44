"""Which method the search uses, and the figures that decided."""

from wordbridge.devise.choice import choose_method
from wordbridge.files import read_records, write_record
from wordbridge.job import log_to

log_to(snakemake)

choice = choose_method(read_records(snakemake.input), snakemake.params.settings)
write_record(snakemake.output[0], choice)
