"""Statistics of the attention of one variant and seed at the words of the references."""

from wordbridge.files import write_json
from wordbridge.job import start_job
from wordbridge.training.device import choose_device
from wordbridge.translation.translator import read_translator
from wordbridge.translation.word_alignment import attention_record

start_job(snakemake)

settings, paths = snakemake.params.settings, snakemake.input
device = choose_device(settings["device"], settings["threads"])
translator = read_translator(paths.model, paths.settings, device)
record = attention_record(*translator, (paths.fr_ids, paths.en_ids), settings["split"])
run = {"variant": snakemake.wildcards.variant, "seed": int(snakemake.wildcards.seed)}
write_json(snakemake.output[0], run | record)
