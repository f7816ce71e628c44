"""The table of what decided which method is searched with."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from wordbridge.devise.choice import PLACE
from wordbridge.report.cells import Column
from wordbridge.report.devise_table import HEADINGS, PARTS


def choice_caption(choice: Mapping[str, Any]) -> str:
    """Return the verdict in a sentence, from the record of ``choose_method``."""
    method, rival, failed = choice["asked_for"], choice["rival"], _failed(choice)
    said = f"{failed} of the {len(choice['checks'])} checks fail" if failed else "no check fails"
    return (
        f"The search uses {choice['method']}, as {said}: hit@{choice['hit']} of {method} beside "
        f"that of {rival}, means over the seeds"
    )


def tabulate_choice(choice: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row per check of the record of ``choose_method``."""
    rows = [
        {name: check[name] for name in (*PLACE, "pictures")}
        | {"part": PARTS.get(check["part"], check["part"])}
        | {"hit_method": check["method"], "hit_rival": check["rival"]}
        | {"asked": "above" if check["above"] else "not below"}
        | {"holds": "yes" if check["holds"] else "no"}
        for check in choice["checks"]
    ]
    return pd.DataFrame(rows, columns=[*PLACE, "pictures", "hit_method", "hit_rival", *_VERDICT])


def choice_columns(choice: Mapping[str, Any]) -> dict[str, Column]:
    """Return how the columns of the table are shown."""
    places = {name: HEADINGS[name] for name in (*PLACE, "pictures")}
    hits = {
        f"hit_{who}": Column(f"{choice[key]}: hit@{choice['hit']}", 1, scale=100)
        for who, key in (("method", "asked_for"), ("rival", "rival"))
    }
    return places | hits | _VERDICT


_VERDICT = {
    "asked": Column("Must be", note="of the first method, held against the second"),
    "holds": Column("Holds"),
}


def _failed(choice: Mapping[str, Any]) -> int:
    return sum(not check["holds"] for check in choice["checks"])
