"""The model of the chosen method, under a name of its own for the search."""

from wordbridge.devise.choice import take_chosen
from wordbridge.log import log_to
from wordbridge.translation.records import read_records

log_to(snakemake)

(choice,) = read_records([snakemake.input.choice])
take_chosen(choice["method"], snakemake.input.files, snakemake.output)
