"""The pictures of one set that are learned from, in shards."""

from wordbridge.devise.train_part import trained_on
from wordbridge.images.shards import write_shards
from wordbridge.images.table import iterate_pictures
from wordbridge.job import log_to

log_to(snakemake)

pictures = iterate_pictures(snakemake.input.pictures)
write_shards(snakemake.output.shards, trained_on(pictures, snakemake.wildcards.set))
