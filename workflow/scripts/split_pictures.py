"""All pictures with the part that each plays, and the nouns that are held out."""

from wordbridge.devise.noun_roles import write_roles
from wordbridge.devise.noun_table import read_nouns
from wordbridge.devise.picture_split import Settings, split_pictures
from wordbridge.devise.picture_table import read_pictures, write_pictures
from wordbridge.log import log_to

log_to(snakemake)

pictures = [picture for table in snakemake.input.pictures for picture in read_pictures(table)]
nouns = read_nouns(snakemake.input.nouns)
settings = Settings.parse(snakemake.params.settings)
split, roles = split_pictures(pictures, nouns, settings)
write_pictures(snakemake.output.pictures, split)
write_roles(snakemake.output.nouns, roles)
