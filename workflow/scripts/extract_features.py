"""The backbone's features of one shard of an image set, and the images that cannot be read."""

from wordbridge.images.backbones import load_backbone
from wordbridge.images.feature_store import write_shard
from wordbridge.images.features import extract_features
from wordbridge.images.table import read_bytes, read_images
from wordbridge.job import start_job
from wordbridge.training.device import choose_device

start_job(snakemake)

settings = snakemake.params.settings
shard = extract_features(
    read_images(snakemake.input.images),
    read_bytes,
    load_backbone(settings["backbone"], snakemake.input.weights, settings["short_side"]),
    {**settings, "threads": snakemake.threads},
    choose_device(settings["device"], 1),
)
write_shard(shard, snakemake.output.features, snakemake.output.logits)
