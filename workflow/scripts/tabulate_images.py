"""A table of the image sets: how many images play which split, and how many were left out."""

from wordbridge.job import start_job
from wordbridge.report.images import (
    CAPTION_IMAGE_COUNTS as CAPTION,
)
from wordbridge.report.images import (
    COLUMNS_IMAGE_COUNTS as COLUMNS,
)
from wordbridge.report.images import (
    tabulate_images,
)
from wordbridge.report.tables import write_table

start_job(snakemake)

sets = snakemake.params.order
shards = len(snakemake.input.failed) // len(sets)
table = tabulate_images(
    dict(zip(sets, snakemake.input.images, strict=True)),
    dict(zip(sets, snakemake.input.left_out, strict=True)),
    {
        name: snakemake.input.failed[number * shards : (number + 1) * shards]
        for number, name in enumerate(sets)
    },
    snakemake.input.split,
)
write_table(table, snakemake.output[0].removesuffix(".tsv"), CAPTION, COLUMNS)
