"""The table of the comparison with the lesson's port."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from wordbridge.report.tables import Column, Table, markdown, save_table

# Figures by side, then by stage or variant.
Sides = Mapping[str, Mapping[str, Mapping[str, float]]]

# In the order of the table: what it is called, and the digits after the point.
FIGURES = {
    "rows_per_second": ("lines/s", 0),
    "seconds": ("seconds", 2),
    "memory": ("growth of peak memory, MB", 0),
    "train_loss": ("training loss, last 50 batches", 4),
    "smoothed_loss": ("training loss, running average", 4),
    "valid_loss": ("validation loss, free-running", 4),
    "nll": ("validation loss per token, fed the true words", 4),
    "bleu": ("BLEU", 2),
    "tokens_per_second": ("tokens/s", 0),
    "train_seconds": ("training, s", 1),
    "translate_seconds": ("translation, s", 1),
    "batch_size": ("batch size", 0),
}
STAGES = ("extraction", "tokenisation", "vectors")
COLUMNS = {
    "subject": Column("Stage or variant"),
    "figure": Column("Figure"),
    "port": Column("The port"),
    "lesson": Column("Preset lesson"),
    "corrected": Column("Preset corrected"),
}
CAPTION = (
    "The lesson's notebook code as ported to today's torch, and this project on the same texts, "
    "vectors and number of epochs ({epochs}), in one run on one machine, one thread each. Training "
    "losses are those at the end of the last epoch: the port's is the mean of the last 50 batches "
    "with dropout, ours is that too, and a running average as the lesson printed it. Validation "
    "losses, translations and BLEU are of the weights after the last epoch; those of preset "
    "corrected are of the running mean of its weights (decay {ema_decay}), at the epoch with the "
    "best BLEU on the validation split, which is the part shown. The port and preset "
    "lesson count padding in their losses, preset corrected does not in training, where it has "
    "label smoothing ({label_smoothing}), and in the free-running loss takes the silence after a "
    "finished sentence for right padding: its losses stand on a scale of their own. BLEU is "
    "sacreBLEU without tokenization, greedy translations and the same references (lower-cased "
    "tokens of the validation split) on all sides. Preset corrected is config.yaml without version "
    "tags and auxiliary text: recurrent layers: {layers}, where the port and preset lesson have "
    "{lesson_layers}; a readout before the output layer, whose weights are the embedding's; "
    "masked padding, clipped gradients, its own batch size and scale of the embeddings, but the "
    "same pairs, parts and numbers. Where it has forcing, every word is forced in the first "
    "{forced} epochs, that is in {forced_here} of the {epochs} here; the lesson's chance falls "
    "after the first. On a CPU the port's output layer shares its weights with the decoder's "
    "embedding by accident, and Adam updates them twice a step; in preset lesson the two are "
    "separate and only start alike, as on the GPU of the lesson. Tokenisation includes the import "
    "of spaCy on both sides; tokens of a training are target tokens, padding apart."
)
EARLY = (
    " Every epoch ended after {batches} batches, and validation losses are of three batches: only "
    "the times say something."
)


def comparison(sides: Sides) -> pd.DataFrame:
    """Return a row for each figure of each stage and variant, a column for each side."""
    variants = [name for name in sides["port"] if name not in STAGES]
    rows = []
    for subject in (*STAGES, *variants):
        found = {side: figures.get(subject, {}) for side, figures in sides.items()}
        for key, (name, digits) in FIGURES.items():
            if any(key in figures for figures in found.values()):
                values = {s: round(f[key], digits) for s, f in found.items() if key in f}
                rows.append({"subject": subject, "figure": name, **values})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def write_comparison(sides: Sides, stem: Path, facts: Mapping[str, float], batches: int) -> str:
    """Write ``stem``.tsv, .md and .html; return the Markdown. ``facts`` are the caption's."""
    caption = CAPTION.format(**facts) + (EARLY.format(batches=batches) if batches else "")
    table = Table(comparison(sides), caption, COLUMNS, group=True)
    save_table(table, [stem.with_name(stem.name + ending) for ending in (".tsv", ".md", ".html")])
    return markdown(table)
