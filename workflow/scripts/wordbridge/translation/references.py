"""What translations are measured against: each source text once, with its references."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wordbridge.errors import InputError


@dataclass(frozen=True)
class EvaluationSentence:
    """A source text of a part and what it may be translated as.

    ``items`` are the sentences (in the table's sense: pairs with one item are versions of each
    other) in which the text occurs; ``reference`` is its translation in the first pair of the
    file, which is ``pair``; ``references`` are all distinct translations of its items,
    ``reference`` first.
    """

    source: str
    items: tuple[str, ...]
    reference: str
    references: tuple[str, ...]
    pair: Mapping[str, Any]


def evaluation_sentences(
    pairs: Iterable[Mapping[str, Any]],
    source_column: str = "fr",
    target_column: str = "en",
    part: str = "test",
) -> list[EvaluationSentence]:
    """Return one sentence per distinct source text of ``part``, in the order of first occurrence.

    ``pairs`` are rows with the columns item, part and the two text columns. Texts are left as
    they are. Raises InputError when the part is empty.
    """
    rows = [row for row in pairs if row["part"] == part]
    if not rows:
        raise InputError(
            f"no pair in the part {part!r}: expected at least one; "
            "use a larger corpus or a split with such a part"
        )
    versions: dict[str, dict[str, None]] = {}
    items: dict[str, dict[str, None]] = {}
    first: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        source, target = row[source_column], row[target_column]
        versions.setdefault(row["item"], {})[target] = None
        items.setdefault(source, {})[row["item"]] = None
        first.setdefault(source, row)
    return [
        EvaluationSentence(
            source=source,
            items=tuple(items[source]),
            reference=row[target_column],
            references=tuple(
                dict.fromkeys(
                    [
                        row[target_column],
                        *(text for item in items[source] for text in versions[item]),
                    ]
                )
            ),
            pair=row,
        )
        for source, row in first.items()
    ]
