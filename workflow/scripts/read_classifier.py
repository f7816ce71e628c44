"""The weight rows of the backbone's own classifier, one per class of ImageNet."""

from wordbridge.arrays import save_matrix
from wordbridge.images.backbones import classifier_rows
from wordbridge.job import log_to

log_to(snakemake)

rows, _ = classifier_rows(snakemake.params.settings["backbone"], snakemake.input.weights)
save_matrix(rows.numpy(), snakemake.output.classifier)
