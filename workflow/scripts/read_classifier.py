"""The weight rows of the backbone's own classifier, one per class of ImageNet."""

from wordbridge.devise.backbones import classifier_rows
from wordbridge.log import log_to
from wordbridge.vectors.matrix_file import save_matrix

log_to(snakemake)

rows, _ = classifier_rows(snakemake.params.settings["backbone"], snakemake.input.weights)
save_matrix(rows.numpy(), snakemake.output.classifier)
