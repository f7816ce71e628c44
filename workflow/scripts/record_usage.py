"""How new texts are cut and translated, and by which models, for the command line."""

from wordbridge.files import write_json
from wordbridge.job import start_job

start_job(snakemake)

write_json(snakemake.output[0], snakemake.params.settings)
