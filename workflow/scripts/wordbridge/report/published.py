"""Published figures: the five translators of the 2018 lesson, and papers about ImageNet.

Losses, seconds and parameters of the lesson: ``notebook`` is the original notebook (giga-fren
questions, 45,219 pairs, 12 or 15 epochs), ``notes`` a published re-run of it on one K80 GPU.
Neither has BLEU. The validation loss is that of free-running translations with padding counted.

Frome et al. (2013, DeViSE) and Norouzi et al. (2014, ConSE): flat hit@k and hierarchical
precision@k. Seen classes: the 50,000 validation images of ILSVRC 2012, 1,000 candidates. The
n-hop sets: images of ImageNet 2011 21K outside the 1,000.
"""

from typing import Any

import pandas as pd

# Training/validation loss of each epoch.
LOSSES = {
    ("baseline", "notebook"):
        "5.4898/5.4626 4.6164/4.7705 4.3459/4.3773 3.8571/4.1360 3.6123/3.9419 3.3751/3.8399 "
        "3.3840/3.7090 3.2248/3.6642 3.2385/3.6048 2.9620/3.5878 2.9616/3.5749 2.8665/3.5812",
    ("bidirectional", "notebook"):
        "4.8969/4.7614 4.3233/4.2609 3.9627/4.0616 3.5963/3.9401 3.4328/3.9448 3.3109/3.6866 "
        "3.4550/3.6382 3.0938/3.5885 3.2575/3.6105 3.0333/3.5403 2.9677/3.5168 2.7189/3.5140",
    ("forcing", "notebook"):
        "4.4606/12.6610 3.4681/7.1387 3.2352/6.2029 3.1016/5.4543 3.1360/4.8237 2.9807/4.9334 "
        "2.9156/4.2875 3.0327/3.9753 3.1038/3.7908 3.1215/3.5787 2.9175/3.5324 3.3269/3.4906",
    ("attention", "notebook"):
        "3.8822/11.1253 3.6000/6.6671 3.2361/5.5529 3.0503/4.9191 2.9902/4.5004 3.0800/4.0003 "
        "2.8911/4.0241 2.8547/3.6739 2.9793/3.5907 3.1099/3.4599 2.9288/3.5176 2.7783/3.3903 "
        "2.7954/3.3884 2.8098/3.3533 2.6723/3.3686",
    ("all", "notebook"):
        "3.8173/7.5280 3.2398/5.8210 3.0672/5.4372 3.0779/4.7183 2.9530/4.3379 3.0182/3.9940 "
        "2.7616/3.7771 2.9137/3.5955 2.9152/3.4698 2.9215/3.3708 2.9138/3.3362 2.7469/3.3727 "
        "2.6958/3.3324 2.5316/3.3419 2.5246/3.3242",
    ("baseline", "notes"):
        "5.209/5.980 4.513/4.567 4.057/4.515 3.776/4.027 3.595/3.858 3.519/3.773 "
        "3.160/3.705 3.109/3.665 3.143/3.613 3.193/3.680 2.845/3.637 2.857/3.5963",
    ("bidirectional", "notes"):
        "4.767/4.495 3.918/4.019 3.683/3.853 3.655/3.653 3.541/3.582 3.389/3.519 "
        "3.338/3.461 2.868/3.440 2.784/3.426 2.744/3.375 2.663/3.394 2.552/3.3738",
    ("forcing", "notes"):
        "3.972/11.894 3.752/8.904 3.147/5.737 3.206/4.434 2.899/4.337 2.837/4.196 "
        "2.937/3.801 2.920/3.679 2.975/3.600 2.982/3.552 2.872/3.419 2.674/3.4329",
    ("attention", "notes"):
        "3.781/14.757 3.222/5.662 2.901/4.924 2.875/4.647 2.704/3.913 2.699/4.402 2.782/3.864 "
        "2.766/3.614 2.874/3.417 2.826/3.371 2.846/3.293 2.666/3.301 2.698/3.259 2.659/3.268 "
        "2.586/3.2406",
}  # fmt: skip
# Of the notebook: computed from its layer sizes, including the output layer.
PARAMETERS = {
    "baseline": 19_982_969, "bidirectional": 21_276_281, "forcing": 19_982_969,
    "attention": 20_317_469, "all": 21_764_381,
}  # fmt: skip
# Of the notes.
SECONDS_PER_EPOCH = {
    "baseline": 109.80, "bidirectional": 115.30, "forcing": 78.62, "attention": 82.42,
}  # fmt: skip


def published_losses() -> pd.DataFrame:
    """Return the losses of every epoch.

    Columns: variant, run, epoch (from 1), train_loss, free_running_loss (nats, padding counted).
    """
    rows = [
        (variant, run, epoch, *map(float, pair.split("/")))
        for (variant, run), losses in LOSSES.items()
        for epoch, pair in enumerate(losses.split(), start=1)
    ]
    columns = ["variant", "run", "epoch", "train_loss", "free_running_loss"]
    return pd.DataFrame(rows, columns=columns)


def add_published_trainings(frame: pd.DataFrame) -> pd.DataFrame:
    """Return ``frame`` with a column ``run`` and, below each variant's row, the lesson's rows.

    The added rows have only columns and variants of ``frame``, among them epochs, the last
    validation_loss, parameters and seconds_per_epoch; values that were not published are missing.
    """
    rows = published_losses().groupby(["variant", "run"], sort=False).last().reset_index()
    rows = rows.rename(columns={"epoch": "epochs", "free_running_loss": "validation_loss"})
    notebook = rows["run"] == "notebook"
    rows["parameters"] = rows["variant"].map(PARAMETERS).where(notebook)
    rows["seconds_per_epoch"] = rows["variant"].map(SECONDS_PER_EPOCH).mask(notebook)
    columns = ["variant", "run", *(name for name in frame.columns if name != "variant")]
    published = rows[[name for name in columns if name in rows.columns]]
    table = []
    for row in frame.assign(run="here").to_dict("records"):
        table += [row, *published[published["variant"] == row["variant"]].to_dict("records")]
    return pd.DataFrame(table, columns=columns)


HIT_KS = (1, 2, 5, 10, 20)
PRECISION_KS = (2, 5, 10, 20)
# Candidates, method, number of candidates, hit@k in percent (for the first of HIT_KS) and
# hierarchical precision (for PRECISION_KS).
HITS: tuple[tuple[str, str, int, tuple[float, ...], tuple[float, ...]], ...] = (
    ("classes", "softmax (Frome et al.)", 1000,
     (55.6, 67.4, 78.5, 85.0), (0.452, 0.342, 0.313, 0.319)),
    ("classes", "DeViSE, 500-d", 1000,
     (53.2, 65.2, 76.7, 83.3), (0.447, 0.352, 0.331, 0.341)),
    ("classes", "DeViSE, 1000-d", 1000,
     (54.9, 66.9, 78.4, 85.0), (0.454, 0.351, 0.325, 0.331)),
    ("2-hop", "DeViSE", 1589, (6.0, 10.0, 18.1, 26.4, 36.4), ()),
    ("2-hop", "ConSE(10)", 1589, (9.4, 15.1, 24.7, 32.7, 41.8), ()),
    ("2-hop + classes", "DeViSE", 2589, (0.8, 2.7, 7.9, 14.2, 22.7), ()),
    ("2-hop + classes", "ConSE(10)", 2589, (0.3, 6.2, 17.0, 24.9, 33.5), ()),
    ("3-hop", "DeViSE", 7860, (1.7, 2.9, 5.3, 8.2, 12.5), ()),
    ("3-hop", "ConSE(10)", 7860, (2.7, 4.4, 7.8, 11.5, 16.1), ()),
    ("3-hop + classes", "DeViSE", 8860, (0.5, 1.4, 3.4, 5.9, 9.7), ()),
    ("3-hop + classes", "ConSE(10)", 8860, (0.2, 2.2, 5.9, 9.7, 14.3), ()),
)  # fmt: skip


def published_hits(candidates: str) -> list[dict[str, Any]]:
    """Return the rows about some candidates as fractions, with the columns of the DeViSE table."""
    return [
        {"method": method, "run": "paper", "labels": labels}
        | {f"hit@{k}": hit / 100 for k, hit in zip(HIT_KS, hits, strict=False)}
        | {f"hp@{k}": value for k, value in zip(PRECISION_KS, precisions, strict=False)}
        for name, method, labels, hits, precisions in HITS
        if name == candidates
    ]
