"""All scores of one method and seed on images."""

from wordbridge.devise.evaluation import evaluate
from wordbridge.devise.similarity import read_scored_data
from wordbridge.files import write_json
from wordbridge.job import start_job

start_job(snakemake)

scores = evaluate(*read_scored_data(snakemake.input), snakemake.params.settings)
run = {"method": snakemake.wildcards.method, "seed": int(snakemake.wildcards.seed)}
write_json(snakemake.output[0], run | scores)
