"""The images of one set, with the nouns that they show."""

from wordbridge.images.labels import write_labels
from wordbridge.images.listing import list_images, write_left_out
from wordbridge.images.table import write_images
from wordbridge.job import start_job
from wordbridge.nouns.table import read_nouns

start_job(snakemake)

images, left_out, labels = list_images(
    snakemake.wildcards.set,
    snakemake.params.settings,
    dict(snakemake.input.items()),
    read_nouns(snakemake.input.nouns),
    snakemake.output.archive,
)
write_images(snakemake.output.images, images)
write_left_out(snakemake.output.left_out, left_out)
write_labels(snakemake.output.labels, labels)
