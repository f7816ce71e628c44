"""The pictures of one set that are learned from, in shards."""

from wordbridge.devise.picture_shards import write_shards
from wordbridge.devise.picture_table import iterate_pictures
from wordbridge.devise.train_part import trained_on
from wordbridge.log import log_to

log_to(snakemake)

pictures = iterate_pictures(snakemake.input.pictures)
write_shards(snakemake.output.shards, trained_on(pictures, snakemake.wildcards.set))
