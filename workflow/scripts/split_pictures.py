"""All pictures with the part that each plays, and the nouns that are held out."""

from wordbridge.images.split import Settings, split_pictures, write_roles
from wordbridge.images.table import read_pictures, write_pictures
from wordbridge.job import log_to
from wordbridge.nouns.table import read_nouns

log_to(snakemake)

pictures = [picture for table in snakemake.input.pictures for picture in read_pictures(table)]
nouns = read_nouns(snakemake.input.nouns)
settings = Settings.parse(snakemake.params.settings)
split, roles = split_pictures(pictures, nouns, settings)
write_pictures(snakemake.output.pictures, split)
write_roles(snakemake.output.nouns, roles)
