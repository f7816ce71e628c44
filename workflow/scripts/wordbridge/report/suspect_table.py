"""The table of pictures that look mislabelled."""

from collections.abc import Sequence

import pandas as pd

from wordbridge.devise.suspects import Suspect
from wordbridge.report.cells import Column

COLUMNS = {
    "set": Column("Set"),
    "picture": Column("Picture"),
    "part": Column("Part", note="the noun of a training picture was learnt, right or wrong"),
    "noun": Column("Labelled"),
    "cosine": Column("Cosine", 3, note="of the picture's point with the noun it is labelled with"),
    "other": Column("Closer to"),
    "other_cosine": Column("Cosine", 3),
    "gap": Column("Gap", 3),
}


def caption(method: str, seed: int) -> str:
    """Return what the table shows, and whose points it goes by."""
    return (
        "Pictures that look mislabelled: far from their noun, close to another, as "
        f"{method} (seed {seed}) sees them"
    )


def tabulate_suspects(found: Sequence[Suspect]) -> pd.DataFrame:
    """Return one row per suspect, in their order."""
    return pd.DataFrame(found, columns=list(Suspect._fields))
