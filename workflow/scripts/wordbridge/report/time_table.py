"""The table of times and throughputs, which differ from run to run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from wordbridge.report.cells import Column
from wordbridge.report.published import beside_published
from wordbridge.report.seeds import over_seeds
from wordbridge.translation.records import read_records

CAPTION = (
    "Times and throughputs: means and standard deviations over the seeds. They depend on the "
    "machine and on what else it was doing."
)

AVERAGED = (
    "train_seconds", "epochs", "seconds_per_epoch", "target_tokens_per_second",
    "decode_seconds", "decoded_sentences_per_second",
)  # fmt: skip

COLUMNS = {
    "variant": Column("Variant"),
    "run": Column("Run", note="here, or what notes on the 2018 lesson printed (one K80 GPU)"),
    "device": Column("Device"),
    "threads": Column("Threads", 0),
    "seeds": Column("Seeds", 0),
    "epochs": Column("Epochs", 0),
    "train_seconds": Column("Training, s", 0, "train_seconds_std"),
    "seconds_per_epoch": Column("Epoch, s", 1, "seconds_per_epoch_std", best="low"),
    "target_tokens_per_second": Column(
        "Tokens/s", 0, "target_tokens_per_second_std", best="high",
        note="target tokens trained on, padding apart",
    ),
    "decode_seconds": Column("Decoding, s", 1, "decode_seconds_std"),
    "decoded_sentences_per_second": Column(
        "Sentences/s", 0, "decoded_sentences_per_second_std", best="high",
        note="sentences of the scored part translated",
    ),
}  # fmt: skip


def joined_records(
    training: Sequence[str | Path], decoding: Sequence[str | Path]
) -> list[dict[str, Any]]:
    """Return one record of times per run; both lists of files end in {variant}/{seed}.json."""
    records = zip(training, read_records(training), read_records(decoding), strict=True)
    return [
        {"variant": Path(path).parent.name, "seed": Path(path).stem, **decoded, **trained}
        for path, trained, decoded in records
    ]


def tabulate_times(records: Sequence[Mapping[str, Any]], published: bool = False) -> pd.DataFrame:
    """Return one row per variant with mean and deviation (``_std``) of its times over its seeds.

    ``records`` have variant, seed, device, threads, train_seconds, epochs, decode_seconds and the
    two throughputs. ``published`` puts the lesson's printed times below each variant.
    """
    per_epoch = [
        {**record, "seconds_per_epoch": record["train_seconds"] / max(1, record["epochs"])}
        for record in records
    ]
    frame = over_seeds(per_epoch, AVERAGED, constant=("device", "threads"))
    return beside_published(frame) if published else frame
