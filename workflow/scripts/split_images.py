"""All images with the split that each plays, and the nouns that are held out."""

from wordbridge.images.split import Settings, split_images, write_roles
from wordbridge.images.table import read_images, write_images
from wordbridge.job import start_job
from wordbridge.nouns.table import read_nouns

start_job(snakemake)

images = [image for table in snakemake.input.images for image in read_images(table)]
nouns = read_nouns(snakemake.input.nouns)
settings = Settings.parse(snakemake.params.settings)
split, roles = split_images(images, nouns, settings)
write_images(snakemake.output.images, split)
write_roles(snakemake.output.nouns, roles)
