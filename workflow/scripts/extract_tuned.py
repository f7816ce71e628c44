"""The tuned backbone's features of one shard of an image set, and the images without any."""

from wordbridge.devise.tuned_backbone import tuned_backbone
from wordbridge.images.backbones import load_backbone
from wordbridge.images.feature_store import write_shard
from wordbridge.images.features import Plan, extract
from wordbridge.images.table import read_bytes, read_images
from wordbridge.job import log_to

log_to(snakemake)

settings = snakemake.params.settings
plain = load_backbone(settings["backbone"], snakemake.input.weights, settings["short_side"])
shard = extract(
    read_images(snakemake.input.images),
    read_bytes,
    tuned_backbone(plain, snakemake.input.tuned),
    Plan.of(settings, snakemake.threads),
)
write_shard(shard, snakemake.output.features, snakemake.output.logits)
