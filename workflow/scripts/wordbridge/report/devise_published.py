"""What papers printed about ImageNet: Frome et al. (2013, DeViSE), Norouzi et al. (2014, ConSE).

Flat hit@k and hierarchical precision@k, as shares. Seen classes: the 50,000 validation pictures of
ILSVRC 2012, 1,000 candidates. The n-hop sets: pictures of ImageNet 2011 21K outside the 1,000.
"""

from typing import Any, NamedTuple


class PublishedHits(NamedTuple):
    """A printed row: shares in percent for SEEN_KS or UNSEEN_KS, precision for PRECISION_KS."""

    method: str
    candidates: str
    labels: int
    hits: tuple[float, ...]
    precision: tuple[float, ...] = ()


SEEN_KS = (1, 2, 5, 10)
UNSEEN_KS = (1, 2, 5, 10, 20)
PRECISION_KS = (2, 5, 10, 20)
ROWS = (
    PublishedHits(
        "softmax (Frome et al.)", "classes", 1000,
        (55.6, 67.4, 78.5, 85.0), (0.452, 0.342, 0.313, 0.319),
    ),
    PublishedHits(
        "DeViSE, 500 numbers", "classes", 1000,
        (53.2, 65.2, 76.7, 83.3), (0.447, 0.352, 0.331, 0.341),
    ),
    PublishedHits(
        "DeViSE, 1,000 numbers", "classes", 1000,
        (54.9, 66.9, 78.4, 85.0), (0.454, 0.351, 0.325, 0.331),
    ),
    PublishedHits("DeViSE", "2-hop", 1589, (6.0, 10.0, 18.1, 26.4, 36.4)),
    PublishedHits("ConSE(10)", "2-hop", 1589, (9.4, 15.1, 24.7, 32.7, 41.8)),
    PublishedHits("DeViSE", "2-hop + classes", 2589, (0.8, 2.7, 7.9, 14.2, 22.7)),
    PublishedHits("ConSE(10)", "2-hop + classes", 2589, (0.3, 6.2, 17.0, 24.9, 33.5)),
    PublishedHits("DeViSE", "3-hop", 7860, (1.7, 2.9, 5.3, 8.2, 12.5)),
    PublishedHits("ConSE(10)", "3-hop", 7860, (2.7, 4.4, 7.8, 11.5, 16.1)),
    PublishedHits("DeViSE", "3-hop + classes", 8860, (0.5, 1.4, 3.4, 5.9, 9.7)),
    PublishedHits("ConSE(10)", "3-hop + classes", 8860, (0.2, 2.2, 5.9, 9.7, 14.3)),
)  # fmt: skip


def published_rows(candidates: str) -> list[dict[str, Any]]:
    """Return the printed rows about some candidates, with the columns of the table of scores."""
    made = []
    for row in ROWS:
        if row.candidates == candidates:
            ks = SEEN_KS if candidates == "classes" else UNSEEN_KS
            figures = {f"hit@{k}": hit / 100 for k, hit in zip(ks, row.hits, strict=True)}
            figures |= dict(zip((f"hp@{k}" for k in PRECISION_KS), row.precision, strict=False))
            made.append({"method": row.method, "run": "paper", "labels": row.labels} | figures)
    return made
