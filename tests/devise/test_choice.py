from pathlib import Path
from typing import Any

import pytest

from wordbridge.devise.choice import choose_method, chosen_file, take_chosen
from wordbridge.errors import InputError

PHOTOS = {"candidates": "classes", "part": "", "set": "photos", "kind": "photo"}
VALID = {"candidates": "seen", "part": "valid", "set": "all", "kind": "all"}
SETTINGS = {
    "method": "head",
    "rival": "conse",
    "hit": 5,
    "checks": [PHOTOS | {"above": False}, VALID | {"above": True}],
}


def record(method: str, photos: float, valid: float) -> dict[str, Any]:
    rows = [
        PHOTOS | {"hit@5": photos, "images": 3},
        VALID | {"hit@5": valid, "images": 7},
    ]
    return {"method": method, "rows": rows}


@pytest.mark.parametrize(
    ("heads", "chosen", "holds"),
    [
        ([(0.9, 0.5)], "head", [True, True]),
        ([(0.8, 0.6), (1.0, 0.4)], "head", [True, True]),  # the means decide
        ([(0.8, 0.5)], "conse", [False, True]),
        ([(1.0, 0.4)], "conse", [True, False]),
    ],
)
def test_the_head_is_chosen_where_it_passes_every_check(
    heads: list[tuple[float, float]], chosen: str, holds: list[bool]
):
    records = [record("conse", 0.9, 0.4), *(record("head", *figures) for figures in heads)]
    found = choose_method(records, SETTINGS)
    assert found["method"] == chosen
    assert [check["holds"] for check in found["checks"]] == holds
    assert [check["images"] for check in found["checks"]] == [3, 7]


def test_checks_without_images_decide_nothing():
    records = [record("conse", 0.9, 0.4), record("head", 0.1, 0.5)]
    for one in records:
        del one["rows"][0]
    found = choose_method(records, SETTINGS)
    assert found["method"] == "head"
    assert [check["holds"] for check in found["checks"]] == [None, True]
    nothing = {"images": 0, "method": None, "rival": None, "above": False, "holds": None}
    assert found["checks"][0] == PHOTOS | nothing


def test_a_method_that_did_not_run_is_named():
    with pytest.raises(InputError, match="method conse: expected its scores, got those of head"):
        choose_method([record("head", 0, 0)], SETTINGS)


def test_files_of_the_chosen_method_are_taken_under_their_names(tmp_path: Path) -> None:
    for method in ("head", "conse"):
        folder = tmp_path / method / "1"
        folder.mkdir(parents=True)
        for name in ("model.safetensors", "predictions.npy"):
            (folder / name).write_text(f"{method} {name}")
    files = sorted(tmp_path.glob("*/1/*"))
    outputs = [tmp_path / "chosen/1" / name for name in ("predictions.npy", "model.safetensors")]
    outputs[0].parent.mkdir(parents=True)
    take_chosen("conse", files, outputs)
    assert [path.read_text() for path in outputs] == [f"conse {path.name}" for path in outputs]
    with pytest.raises(InputError, match=r"method ridge: expected its predictions\.npy"):
        take_chosen("ridge", files, outputs)


def test_a_file_of_the_chosen_method_is_found_by_its_name() -> None:
    files = [f"a/{way}/3/{name}" for way in ("head", "conse") for name in ("p.npy", "p.json")]
    assert chosen_file("conse", files, "p.json") == Path("a/conse/3/p.json")
    with pytest.raises(InputError, match=r"method conse: expected its q\.npy, got none"):
        chosen_file("conse", files, "q.npy")
