"""Names that what is run may not have, as files and rows of the workflow's own have them."""

from collections.abc import Iterator, Mapping
from typing import Any

# tests/test_names.py looks through all files for more.
SETS = ("all", "nouns", "split")  # all is no file, but in the scores all sets together
CURVES = "curves_"  # attention_curves_{variant}_1.png stands beside attention_{variant}_1.png


def taken_names(run: Mapping[str, Any]) -> Iterator[str]:
    """Yield one line for each entry of the lists in ``run`` with a name that is taken."""
    for key in ("images", "albums"):
        for name in filter(SETS.__contains__, run[key]):
            yield (
                f"run.{key}: expected none of the names that files and rows of the workflow's own "
                f"have ({', '.join(SETS)}), got {name}; rename it"
            )
    for name in run["variants"]:
        drawn = name.removeprefix(CURVES)
        if drawn != name and drawn in run["variants"]:
            yield (
                f"run.variants: expected no {CURVES} before the name of another variant, since the "
                f"attention curves of {drawn} have files of that name, got {name}; rename it"
            )
