"""The images of one set that are learned from, in shards."""

from wordbridge.devise.train_part import trained_on
from wordbridge.images.shards import write_shards
from wordbridge.images.table import iterate_images
from wordbridge.job import log_to

log_to(snakemake)

images = iterate_images(snakemake.input.images)
write_shards(snakemake.output.shards, trained_on(images, snakemake.wildcards.set))
