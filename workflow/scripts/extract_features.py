"""The backbone's features of one shard of an image set, and the images that cannot be read."""

from wordbridge.images.backbones import load_backbone
from wordbridge.images.feature_store import write_shard
from wordbridge.images.features import ExtractionSettings, extract
from wordbridge.images.table import read_bytes, read_images
from wordbridge.job import start_job

start_job(snakemake)

settings = snakemake.params.settings
shard = extract(
    read_images(snakemake.input.images),
    read_bytes,
    load_backbone(settings["backbone"], snakemake.input.weights, settings["short_side"]),
    ExtractionSettings.parse(settings, snakemake.threads),
)
write_shard(shard, snakemake.output.features, snakemake.output.logits)
