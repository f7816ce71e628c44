"""Archives, packages and locations."""

from pathlib import Path
from typing import Any

from tests.inputs import files
from tests.inputs.rows import Bad, Held, Row, Run, Setting, Unusual, Value, cut, half, swap
from tests.inputs.texts import PAIRS_TARGET
from wordbridge.sources.archives import extract_member

CONFIG = "tests/mini/config.yaml"
LOCAL = "- local: tests/mini/questions.fr.txt"
ZIPPED = "- local: a.zip\n        member: fr.txt"
ESCAPES = "its path escapes the archive"
ARCHIVES = "tests/sources/test_archives.py"


def resource(**location: Any) -> dict[str, Any]:
    return {"locations": [location]}


ROWS: list[Row] = [
    Bad("no archive", "archive", b"text\n" * 200, "no zip, tar, deb or compressed file"),
    Bad("a cut zip", "archive", half, "archive truncated or damaged"),
    Bad("a zip with a nameless member", "archive", swap(b"\x09\0\0\0\0\0\0\0", b"\0" * 8), "damag"),
    Bad("a link", "archive", files.tarred({"a/dog.png": "/etc/passwd"}), "a link to /etc/passwd"),
    Bad("a 7z archive", "archive", b"7z\xbc\xaf\x27\x1c" * 99, "7z is not supported; unpack it f"),
    Bad(
        "a rar archive", "archive", b"Rar!\x1a\x07\0" * 99, "rar is not supported; unpack it first"
    ),
    Bad("a zst file", "archive", b"\x28\xb5\x2f\xfd" * 99, "zstd is not supported; unpack it f"),
    Bad(
        "a second file of macOS",
        "archive",
        files.zipped({"a/cat.png": b"x", "__MACOSX/a/._cat.png": b"x"}),
        "no member a/dog.png among 1; nearest: a/cat.png",
    ),
    Unusual("backslashes", "archive", files.zipped({"a\\dog.png": b"x"}), b"x"),
    Unusual("a zip slip", "package", files.zipped({"../a.png": b"x"}), [ESCAPES]),
    Unusual("a tar slip", "package", files.tarred({"a/../../b": b"x"}), [ESCAPES]),
    Unusual("an absolute path", "package", files.tarred({"/etc/x": b"x"}), [ESCAPES]),
    Unusual("a drive of Windows", "package", files.zipped({"C:x": b"x"}), [ESCAPES]),
    Bad("a truncated package", "package", cut(-400), "the Debian package is truncated"),
    Bad(
        "a package whose member leads back to itself",
        "package",
        b"!<arch>\n" + files.ar_member("debian-binary", b"2.0\n", "-60"),
        "truncated or has no data",
    ),
    Unusual(
        "a link next to a file",
        "package",
        files.tarred({"a": "/etc", "b": b"x"}),
        ["a link to /etc; name that member instead", "b"],
    ),
    Value(
        "a member that leads out",
        lambda: extract_member(Path("a.zip"), "../x", Path("out")),
        "escapes the archive",
    ),
    Setting(
        "an address of no kind", "resources.x", resource(url="ftp://a/b"), "[0].url: expected text"
    ),
    Setting("a short digest", "resources.bible.sha256", "ab", "bible.sha256: expected text or"),
    Setting("two kinds of location", "resources.x", resource(local="a", url="http://a/b"), "[0]."),
    Setting(
        "a package without version",
        "resources.x",
        resource(registry="pypi", package="a"),
        "[0].version: expected text matching",
    ),
    Run(
        "a text for an archive",
        {CONFIG: (LOCAL, f"{LOCAL}\n        member: fr.txt")},
        PAIRS_TARGET,
        "questions.fr.txt, member fr.txt: no zip, tar, deb or compressed file",
        True,
    ),
    Run(
        "a cut zip",
        {CONFIG: (LOCAL, ZIPPED), "a.zip": half(files.zipped({"fr.txt": bytes(range(256)) * 9}))},
        PAIRS_TARGET,
        "a.zip, member fr.txt: archive truncated or damaged",
        True,
    ),
    Run(
        "a link in a tar",
        {CONFIG: (LOCAL, ZIPPED), "a.zip": files.tarred({"fr.txt": "/etc/passwd"})},
        PAIRS_TARGET,
        "a link to /etc/passwd",
        True,
    ),
    Held("bombs in four formats", f"{ARCHIVES}::test_a_bomb_is_refused", "bomb.deb"),
    Held(
        "links, devices and folders in a tar",
        f"{ARCHIVES}::test_only_plain_files_of_a_tar_are_extracted",
        "tarfile.CHRTYPE",
    ),
    Held(
        "links and folders in a zip",
        f"{ARCHIVES}::test_only_plain_files_of_a_zip_are_extracted",
        "0o120777",
    ),
    Held(
        "the table of members that lead out",
        "tests/images/test_packages.py::"
        "test_what_is_wrong_with_one_member_of_an_archive_leaves_out_that_one",
        '"../a.png"',
    ),
    Held("an encrypted member", f"{ARCHIVES}::test_an_encrypted_member_is_an_error", "encrypted"),
    Held(
        "archives of all formats truncated at three lengths",
        f"{ARCHIVES}::test_a_truncated_archive_is_an_error",
        "[0.02, 0.5, 0.9]",
    ),
    Held(
        "a changed bit anywhere in an archive of any format",
        f"{ARCHIVES}::test_damage_anywhere_is_an_error_or_harmless",
        "^= 1 <<",
    ),
]
