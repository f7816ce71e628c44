"""The table of what decided which method is searched with."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from wordbridge.devise.choice import PLACE
from wordbridge.report.images import HEADINGS, PARTS
from wordbridge.report.tables import Column


def choice_caption(choice: Mapping[str, Any]) -> str:
    """Return the verdict in a sentence, from the record of ``choose_method``."""
    return (
        f"The search uses {choice['method']}, as {_reason(choice['checks'])}: hit@{choice['hit']} "
        f"of {choice['asked_for']} beside that of {choice['rival']}, means over the seeds"
    )


def tabulate_choice(choice: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row per check of the record of ``choose_method``."""
    rows = [
        {name: check[name] for name in (*PLACE, "images")}
        | {"part": PARTS.get(check["part"], check["part"])}
        | {"hit_method": check["method"], "hit_rival": check["rival"]}
        | {"asked": "above" if check["above"] else "not below"}
        | {"holds": _HOLDS[check["holds"]]}
        for check in choice["checks"]
    ]
    return pd.DataFrame(rows, columns=[*PLACE, "images", "hit_method", "hit_rival", *_VERDICT])


def choice_columns(choice: Mapping[str, Any]) -> dict[str, Column]:
    """Return how the columns of the table are shown."""
    places = {name: HEADINGS[name] for name in (*PLACE, "images")}
    hits = {
        f"hit_{who}": Column(f"{choice[key]}: hit@{choice['hit']}", 1, scale=100)
        for who, key in (("method", "asked_for"), ("rival", "rival"))
    }
    return places | hits | _VERDICT


_VERDICT = {
    "asked": Column("Must be", note="of the first method, held against the second"),
    "holds": Column("Holds"),
}
_HOLDS = {True: "yes", False: "no", None: "no images"}


def _reason(checks: Sequence[Mapping[str, Any]]) -> str:
    """Return what the checks came to, and how many of them could not be made."""
    count = len(checks)
    failed = sum(check["holds"] is False for check in checks)
    skipped = sum(check["holds"] is None for check in checks)
    if not count:
        return "no check is configured"
    if skipped == count:
        return f"none of the {count} checks has images and nothing was compared"
    verb = "fails" if failed == 1 else "fail"
    said = f"{failed} of the {count} checks {verb}" if failed else "no check fails"
    if not skipped:
        return said
    return f"{said} ({skipped} of {count} not made, for want of images)"
