"""Tables with tabs as pandas frames."""

import csv
from pathlib import Path

import pandas as pd

from wordbridge.errors import InputError, brief


def read_frame(path: str | Path, remedy: str, gaps: bool = False) -> pd.DataFrame:
    """Return the table at ``path``; with ``gaps`` an empty field is a missing number, else a text.

    Raises InputError that ends in ``remedy`` when no table can be read.
    """
    try:
        return pd.read_csv(path, sep="\t", quoting=csv.QUOTE_NONE, keep_default_na=gaps)
    except (OSError, ValueError) as error:  # pandas' own errors and wrong UTF-8 are ValueErrors
        raise InputError(f"{path}: no table can be read ({brief(error)}); {remedy}") from error
