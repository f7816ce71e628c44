"""All labelled images with their splits, and the nouns that are held out."""

from wordbridge.images.split import split_images, write_roles
from wordbridge.images.table import read_images, write_images
from wordbridge.job import start_job
from wordbridge.nouns.table import read_nouns

start_job(snakemake)

images, roles = split_images(
    [image for table in snakemake.input.images for image in read_images(table)],
    read_nouns(snakemake.input.nouns),
    snakemake.params.settings,
)
write_images(snakemake.output.images, images)
write_roles(snakemake.output.nouns, roles)
