"""The nouns of WordNet, with the classes of ImageNet among them."""

from wordbridge.job import start_job
from wordbridge.nouns.hierarchy import Hierarchy
from wordbridge.nouns.table import write_nouns
from wordbridge.nouns.wordnet import check_names, label_nouns, read_class_list, read_wordnet

start_job(snakemake)

nouns = read_wordnet(snakemake.input.wordnet)
check_names(nouns, read_class_list(snakemake.input.get("names")))
labelled = label_nouns(nouns, read_class_list(snakemake.input.classes))
Hierarchy(labelled)  # refuses a circle here, where the file can still be named
write_nouns(snakemake.output[0], labelled)
