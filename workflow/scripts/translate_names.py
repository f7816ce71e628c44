"""French names of images as questions, and what the translator with the best BLEU says."""

from pathlib import Path

from wordbridge.images.table import read_images
from wordbridge.job import log_to
from wordbridge.search.french import name_pairs
from wordbridge.search.translated_names import translate_names, write_translated_names
from wordbridge.training.device import choose_device
from wordbridge.translation.pipeline import best_run, read_interpreter, runs_of

log_to(snakemake)

results = Path(snakemake.input.usage).parent
run = best_run(results, runs_of(snakemake.input.models))
made = translate_names(
    [pair.spelled for pair in name_pairs(read_images(snakemake.input.images))],
    snakemake.params.settings["question"],
    read_interpreter(results, *run, choose_device("cpu", threads=1)).interpret,
    "/".join(map(str, run)),
)
write_translated_names(snakemake.output[0], made)
