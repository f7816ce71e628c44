"""The pictures of one set in shards."""

from wordbridge.devise.picture_shards import write_shards
from wordbridge.devise.picture_table import iterate_pictures
from wordbridge.log import log_to

log_to(snakemake)

write_shards(snakemake.output.shards, iterate_pictures(snakemake.input.pictures))
