"""Tables of the image sets (counts, left out), of nouns with a word vector, and of labels."""

import numpy as np

from wordbridge.job import start_job
from wordbridge.report.images import image_counts_table, noun_coverage_table, word_labels_table
from wordbridge.report.tables import save_table

start_job(snakemake)

sets = snakemake.params.order
# The failures of each shard of each set.
failed = np.reshape(snakemake.input.failed, (len(sets), -1))
files = zip(sets, snakemake.input.images, snakemake.input.left_out, failed, strict=True)
save_table(image_counts_table(files, snakemake.input.split), snakemake.output.images)
save_table(noun_coverage_table(snakemake.input.nouns), snakemake.output.nouns)
labels = zip(snakemake.params.labelled, snakemake.input.labels, strict=True)
save_table(word_labels_table(dict(labels)), snakemake.output.labels)
