"""The images of one set in shards."""

from wordbridge.images.table import iterate_images, write_shards
from wordbridge.job import start_job

start_job(snakemake)

write_shards(snakemake.output.shards, iterate_images(snakemake.input.images))
