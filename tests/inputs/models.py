"""Weights, states, records, and what a model made."""

import json
from typing import Any

from tests.inputs import files
from tests.inputs.rows import UNPICKLED, Bad, Held, Row, Unusual, half, npz, swap
from tests.manifest_toys import TABLE


def recorded(**changes: Any) -> bytes:
    """Return the record of a job with other values for some keys."""
    return json.dumps(TABLE | changes).encode()


ROWS: list[Row] = [
    Bad("a pickle that acts", "weights", UNPICKLED, "no weights can be read"),
    Bad("a cut file", "weights", half, "no weights can be read"),
    Bad("an empty file", "weights", b"", "no weights can be read"),
    Bad("a cut file", "safetensors", half, "no weights can be read"),
    Bad("a cut file", "method", half, "expected the weights of a model"),
    Bad("a cut file", "state", half, "expected the state of this training"),
    Bad("the state of another model", "state", files.weights(), "expected the state of this train"),
    Bad(
        "damaged random states",
        "state",
        swap(b'"random.torch"', b'"random.porch"'),
        "expected the st",
    ),
    Bad("a list", "record", b"[]", "as a JSON object, got list"),
    Bad("broken JSON", "record", b'{"bleu', "in JSON, got none"),
    Bad("no object", "manifest", b"[]", "expected the record of a job as a JSON object, got list"),
    Bad("broken JSON", "manifest", half, "expected the record of a job in JSON, got none ("),
    Bad("endless JSON", "manifest", b'{"rule":' * 100_000, "got none (maximum recurs"),
    Bad(
        "a file of nothing", "manifest", recorded(inputs={"a": None}), "wrong or missing inputs.a;"
    ),
    Bad(
        "a file without a sum",
        "manifest",
        recorded(outputs={"a": {"bytes": 1}}),
        "missing outputs.a;",
    ),
    Bad("no name of the rule", "manifest", recorded(rule=None), "got a wrong or missing rule;"),
    Bad("words for seconds", "manifest", recorded(seconds="long"), "wrong or missing seconds;"),
    Bad("no versions", "manifest", swap(b'"versions"', b'"revisions"'), "missing versions;"),
    Unusual("a key of a later version", "manifest", recorded(colour="red"), "table"),
    Bad("a score in words", "translations", swap(b"-1.5", b"none"), "line 2: expected values of"),
    Bad("no attention at all", "attention", npz(), "no arrays can be read"),
    Bad("a short row", "translations", swap(b"\t-1.5", b""), "line 2: expected 6 columns, got 5"),
    Held(
        "one epoch of one batch",
        "tests/translation/test_training.py::test_batches_of_any_size_are_trained_on",
        "(100, 1, 1)",
    ),
]
