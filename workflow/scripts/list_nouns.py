"""The nouns of WordNet, with the classes of ImageNet among them."""

from wordbridge.job import start_job
from wordbridge.nouns.hierarchy import Hierarchy
from wordbridge.nouns.table import write_nouns
from wordbridge.nouns.wordnet import check_class_names, label_nouns, read_classes, read_wordnet

start_job(snakemake)

nouns = read_wordnet(snakemake.input.wordnet)
check_class_names(nouns, read_classes(snakemake.input.get("names")))
labelled = label_nouns(nouns, read_classes(snakemake.input.classes))
Hierarchy(labelled)  # raises InputError for a cycle
write_nouns(snakemake.output[0], labelled)
