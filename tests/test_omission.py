"""Which settings do without a file that cannot be had."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from workflow.configuration import configured
from workflow.omission import omitting

ROOT = Path(__file__).resolve().parents[1]
KEYS = ("archive", "classes", "groups", "key2row", "matrix", "names", "package", "senses")
KEYS += ("strings", "table", "vectors", "verses", "wordnet", "words")


def given(**run: list[str]) -> dict[str, Any]:
    """Return the default configuration with other lists of what is run."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    config["image_sets"]["mine"] = {"kind": "folder", "folder": "images"}
    return {**config, "run": config["run"] | run}


@pytest.mark.parametrize(
    ("resource", "run", "settings"),
    [
        ("tuxpaint_stamps", {}, "run: {images: [twemoji, noto, fluent, foolbox]}"),
        ("fluent_icons", {}, "run: {images: [stamps, twemoji, noto, foolbox]}"),
        ("noto_icons", {}, "run: {images: [stamps, foolbox]}"),
        ("wordnet_senses", {}, "run: {images: [foolbox]}, search: {french_vectors: null}"),
        ("wordnet_nouns", {}, "run: {images: []}"),
        ("glove_words", {}, "run: {images: []}"),
        ("efficientnet_lite0", {"albums": ["mine"]}, "run: {images: [], albums: []}"),
        ("tuxpaint_stamps", {"images": ["noto"], "albums": ["stamps"]}, "run: {albums: []}"),
        ("tuxpaint_stamps", {"images": ["stamps"]}, "run: {images: []}"),
        (
            "tuxpaint_stamps",
            {"images": ["stamps"], "albums": ["mine"]},
            "run: {images: [], albums: []}",
        ),
        ("bible", {}, ""),
        ("en_web_strings", {}, ""),
        ("fr_news_keys", {}, ""),
        ("tuxpaint_stamps", {"images": ["noto"]}, ""),
    ],
)
def test_what_does_not_need_the_file_is_left(
    resource: str, run: dict[str, list[str]], settings: str
):
    config = configured(given(**run), [])
    assert omitting(resource, config, KEYS) == settings
    changed = copy.deepcopy(given(**run))
    for name, block in yaml.safe_load(f"{{{settings}}}").items():
        changed[name] |= block
    assert omitting(resource, configured(changed, []), KEYS) == ""  # and can be run


def test_vectors_for_french_names_alone_are_left_out_alone():
    config = given()
    config["vectors"]["own"] = {"kind": "text", "vec": "own"}
    config.setdefault("resources", {})["own"] = {"locations": [{"local": "own.vec"}]}
    config["search"]["french_vectors"] = "own"
    found = omitting("own", configured(config, []), [*KEYS, "vec"])
    assert found == "search: {french_vectors: null}"


def test_a_set_that_is_left_out_is_held_out_no_more():
    config = given()
    config["image_split"] |= {"test_sets": ["stamps"], "zero_shot_sets": ["noto", "stamps"]}
    found = omitting("tuxpaint_stamps", configured(config, []), KEYS)
    assert found == (
        "run: {images: [twemoji, noto, fluent, foolbox]}, "
        "image_split: {zero_shot_sets: [noto], test_sets: []}"
    )
