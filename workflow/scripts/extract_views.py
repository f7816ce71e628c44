"""The backbone's features of views of the images in one shard that are learned from."""

from wordbridge.devise.tuned_backbone import tuned_backbone
from wordbridge.devise.view_features import extract_views
from wordbridge.devise.views import ViewSettings
from wordbridge.images.backbones import load_backbone
from wordbridge.images.feature_store import write_shard
from wordbridge.images.features import Plan
from wordbridge.images.table import read_bytes, read_images
from wordbridge.job import log_to

log_to(snakemake)

settings = snakemake.params.settings
plain = load_backbone(settings["backbone"], snakemake.input.weights, settings["short_side"])
shard = extract_views(
    read_images(snakemake.input.images),
    read_bytes,
    tuned_backbone(plain, snakemake.input.tuned),
    Plan.of(settings, snakemake.threads),
    ViewSettings.parse(settings["augmentation"]),
    settings["augmentation"]["views"],
)
write_shard(shard, snakemake.output.features, snakemake.output.logits)
