"""The pictures of one set, with the nouns that they show."""

from wordbridge.devise.noun_table import read_nouns
from wordbridge.devise.picture_sets import list_pictures, write_left_out
from wordbridge.devise.picture_table import write_pictures
from wordbridge.log import log_to

log_to(snakemake)

pictures, left_out = list_pictures(
    snakemake.wildcards.set,
    snakemake.params.settings,
    dict(snakemake.input.items()),
    read_nouns(snakemake.input.nouns),
    snakemake.output.archive,
)
write_pictures(snakemake.output.pictures, pictures)
write_left_out(snakemake.output.left_out, left_out)
