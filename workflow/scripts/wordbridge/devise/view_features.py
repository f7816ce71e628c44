"""Features of views: more points to train on, out of the same images."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from wordbridge.devise.views import ViewSettings, view
from wordbridge.images.backbones import Backbone
from wordbridge.images.feature_store import Shard
from wordbridge.images.features import Plan, Read, extract
from wordbridge.images.table import ImageRow


def extract_views(
    images: Sequence[ImageRow],
    read: Read,
    backbone: Backbone,
    plan: Plan,
    settings: ViewSettings,
    count: int,
) -> Shard:
    """Return the features of the views 1 to ``count`` of all images, first all views 1.

    Each view is a row of its image. Images that cannot be read are told once.
    """
    shards = [
        extract(images, read, backbone, plan, partial(view, settings, number))
        for number in range(1, count + 1)
    ]
    return Shard(
        [row for shard in shards for row in shard.rows],
        np.concatenate([shard.features for shard in shards]),
        np.concatenate([shard.logits for shard in shards]),
        shards[0].failures,
    )
