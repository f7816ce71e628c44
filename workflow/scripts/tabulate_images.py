"""Tables of the image sets (counts, left out), of nouns with a word vector, and of labels."""

from wordbridge.job import start_job
from wordbridge.report.images import image_counts_table, noun_coverage_table, word_labels_table
from wordbridge.report.tables import save_table

start_job(snakemake)

sets = snakemake.params.order
shards = len(snakemake.input.failed) // len(sets)
counts = image_counts_table(
    dict(zip(sets, snakemake.input.images, strict=True)),
    dict(zip(sets, snakemake.input.left_out, strict=True)),
    {
        name: snakemake.input.failed[number * shards : (number + 1) * shards]
        for number, name in enumerate(sets)
    },
    snakemake.input.split,
)
save_table(counts, snakemake.output.images)
save_table(noun_coverage_table(snakemake.input.nouns), snakemake.output.nouns)
labels = zip(snakemake.params.labelled, snakemake.input.labels, strict=True)
save_table(word_labels_table(dict(labels)), snakemake.output.labels)
