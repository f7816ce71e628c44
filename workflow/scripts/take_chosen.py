"""The model of the chosen method, under a name of its own for the search."""

from wordbridge.devise.choice import take_chosen
from wordbridge.files import read_records
from wordbridge.job import log_to

log_to(snakemake)

(choice,) = read_records([snakemake.input.choice])
take_chosen(choice["method"], snakemake.input.files, snakemake.output)
