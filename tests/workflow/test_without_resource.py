"""The settings with which a run does not need a resource."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from workflow.config import load_project, without_resource

ROOT = Path(__file__).resolve().parents[2]
KEYS = ("archive", "classes", "groups", "key2row", "matrix", "names", "package", "senses")
KEYS += ("strings", "table", "vectors", "verses", "wordnet", "words")


def default_with(**run: list[str]) -> dict[str, Any]:
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
        (
            "efficientnet_lite0",
            {"unlabelled_sets": ["mine"]},
            "run: {images: [], unlabelled_sets: []}",
        ),
        (
            "tuxpaint_stamps",
            {"images": ["noto"], "unlabelled_sets": ["stamps"]},
            "run: {unlabelled_sets: []}",
        ),
        ("tuxpaint_stamps", {"images": ["stamps"]}, "run: {images: []}"),
        (
            "tuxpaint_stamps",
            {"images": ["stamps"], "unlabelled_sets": ["mine"]},
            "run: {images: [], unlabelled_sets: []}",
        ),
        ("bible", {}, ""),
        ("en_web_strings", {}, ""),
        ("fr_news_keys", {}, ""),
        ("tuxpaint_stamps", {"images": ["noto"]}, ""),
    ],
)
def test_only_what_needs_the_resource_is_left_out(
    resource: str, run: dict[str, list[str]], settings: str
):
    config = load_project(default_with(**run), [])
    assert without_resource(resource, config, KEYS) == settings
    changed = copy.deepcopy(default_with(**run))
    for name, block in yaml.safe_load(f"{{{settings}}}").items():
        changed[name] |= block
    assert without_resource(resource, load_project(changed, []), KEYS) == ""  # and can be run


def test_only_french_search_is_left_out_without_its_vectors():
    config = default_with()
    config["vectors"]["mine"] = {"kind": "text", "vec": "mine"}
    config.setdefault("resources", {})["mine"] = {"locations": [{"local": "mine.vec"}]}
    config["search"]["french_vectors"] = "mine"
    settings = without_resource("mine", load_project(config, []), [*KEYS, "vec"])
    assert settings == "search: {french_vectors: null}"


def test_a_set_that_is_left_out_is_removed_from_the_held_out_sets():
    config = default_with()
    config["image_split"] |= {"test_sets": ["stamps"], "zero_shot_sets": ["noto", "stamps"]}
    settings = without_resource("tuxpaint_stamps", load_project(config, []), KEYS)
    assert settings == (
        "run: {images: [twemoji, noto, fluent, foolbox]}, "
        "image_split: {zero_shot_sets: [noto], test_sets: []}"
    )
