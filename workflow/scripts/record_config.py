"""The settings of the run that the command line needs for new texts and images."""

from wordbridge.files import file_sha256, write_json
from wordbridge.job import start_job

start_job(snakemake)

weights = {path: file_sha256(path) for path in snakemake.input.weights}
write_json(snakemake.output[0], {**snakemake.params.settings, "weights": weights})
