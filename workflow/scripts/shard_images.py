"""The images of one set in shards."""

from wordbridge.images.shards import write_shards
from wordbridge.images.table import iterate_images
from wordbridge.job import log_to

log_to(snakemake)

write_shards(snakemake.output.shards, iterate_images(snakemake.input.images))
