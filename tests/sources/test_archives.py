import bz2
import gzip
import io
import lzma
import random
import shutil
import struct
import subprocess
import tarfile
import tracemalloc
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from wordbridge.errors import InputError
from wordbridge.sources import archives
from wordbridge.sources.archives import CorruptArchive, entries, escapes_archive, extract_member

RANDOM = random.Random(7).randbytes(3_001)  # incompressible: any damage matters
FILES = {"top/a.txt": b"first\n" * 50, "top/deep/b.bin": RANDOM, "c.txt": b""}
MEMBER = "top/deep/b.bin"


def tar_bytes(mode: str = "", prefix: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{mode}") as archive:  # type: ignore[call-overload]
        folder = tarfile.TarInfo(f"{prefix}top")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in FILES.items():
            info = tarfile.TarInfo(prefix + name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zip_bytes() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("top")
        for name, data in FILES.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def deb_bytes(data: bytes, ending: str) -> bytes:
    def part(name: str, body: bytes) -> bytes:
        head = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(body):<10}`\n".encode()
        return head + body + b"\n" * (len(body) % 2)

    control = part("control.tar.xz", b"odd")
    return (
        b"!<arch>\n" + part("debian-binary", b"2.0\n") + control + part(f"data.tar{ending}", data)
    )


MAKERS: dict[str, Callable[[], bytes]] = {
    "a.zip": zip_bytes,
    "a.whl": zip_bytes,
    "a.tar": tar_bytes,
    "a.tar.gz": lambda: tar_bytes("gz"),
    "a.tgz": lambda: tar_bytes("gz", "./"),
    "a.tar.bz2": lambda: tar_bytes("bz2"),
    "a.tar.xz": lambda: tar_bytes("xz"),
    "plain.deb": lambda: deb_bytes(tar_bytes("", "./"), ""),
    "gz.deb": lambda: deb_bytes(tar_bytes("gz", "./"), ".gz"),
    "xz.deb": lambda: deb_bytes(tar_bytes("xz", "./"), ".xz"),
}
PACKED = [name for name in MAKERS if name not in ("a.tar", "plain.deb")]


def write_archive(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(MAKERS[name]())
    return path


def listed(archive: Path) -> list[str]:
    members = entries(archive, archive.name)
    return [entry.name for entry in members if entry.unreadable_reason is None]


@pytest.mark.parametrize("name", MAKERS)
def test_every_format_lists_its_files_and_extracts_each(tmp_path: Path, name: str):
    archive = write_archive(tmp_path, name)
    assert listed(archive) == list(FILES)
    for member, data in FILES.items():
        extract_member(archive, member, tmp_path / "out", size=len(data))
        assert (tmp_path / "out").read_bytes() == data


@pytest.mark.parametrize("name", MAKERS)
def test_the_bytes_decide_the_format_not_the_name(tmp_path: Path, name: str):
    archive = write_archive(tmp_path, name).rename(tmp_path / ("0" * 64))
    extract_member(archive, f"./{MEMBER}", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == FILES[MEMBER]


@pytest.mark.parametrize(
    "stored",
    [
        "donn\u00e9es/fr.txt",
        "donne\u0301es/fr.txt",  # as macOS names files
        "donne\u0301es/fr.txt".encode(),  # as macOS packs them, without the flag for UTF-8
        "donn\u00e9es\\fr.txt",  # as Windows packs them
    ],
)
@pytest.mark.parametrize("member", ["donn\u00e9es/fr.txt", "donne\u0301es\\fr.txt"])
def test_names_are_compared_in_one_form(tmp_path: Path, stored: str | bytes, member: str):
    name = stored if isinstance(stored, str) else "x" * len(stored)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, b"here")
    if isinstance(stored, bytes):
        packed = (tmp_path / "a.zip").read_bytes()
        (tmp_path / "a.zip").write_bytes(packed.replace(name.encode(), stored))
    extract_member(tmp_path / "a.zip", member, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"here"


@pytest.mark.parametrize(
    ("ending", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_a_single_compressed_file_has_the_name_of_its_archive(tmp_path: Path, ending, pack):
    archive = tmp_path / f"wiki.fr.vec{ending}"
    archive.write_bytes(pack(RANDOM))
    assert listed(archive) == ["wiki.fr.vec"]
    stored = archive.rename(tmp_path / "stored")
    extract_member(stored, "wiki.fr.vec", tmp_path / "out", name=archive.name)
    assert (tmp_path / "out").read_bytes() == RANDOM


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_single_compressed_file_may_have_a_name_in_any_normal_form(tmp_path: Path, form: str):
    archive = tmp_path / "stored"
    archive.write_bytes(gzip.compress(RANDOM))
    name = unicodedata.normalize(form, "données.fr.gz")
    extract_member(archive, "données.fr", tmp_path / "out", name=name)
    assert (tmp_path / "out").read_bytes() == RANDOM


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="dpkg-deb is not installed")
def test_dpkg_reads_a_debian_package_with_zstd(tmp_path: Path):
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    control = (
        "Package: a\nVersion: 1\nArchitecture: all\nMaintainer: me <me@x.org>\nDescription: a\n"
    )
    (tree / "DEBIAN" / "control").write_text(control)
    (tree / "data").write_bytes(RANDOM)
    archive = tmp_path / "a.deb"
    command = ["dpkg-deb", "-Zzstd", "--build", str(tree), str(archive)]
    if subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("this dpkg-deb writes no zstd")
    assert listed(archive) == ["data"]
    extract_member(archive, "data", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == RANDOM
    archive.write_bytes(archive.read_bytes()[:-900])
    with pytest.raises(CorruptArchive):
        extract_member(archive, "data", tmp_path / "out2")


@pytest.mark.parametrize(
    ("member", "leads_out"),
    [
        ("a/b.txt", False),
        ("./a", False),
        ("a..b/c..", False),
        ("../a", True),
        ("a/../b", True),
        ("a/../../b", True),
        ("..\\b", True),
        ("/etc/passwd", True),
        ("C:/a", True),
        ("a\\..\\b", True),
        ("a\0b", True),
        (".", True),
    ],
)
def test_a_path_out_of_the_archive_is_recognized(member: str, leads_out: bool):
    assert escapes_archive(member) == leads_out


def test_a_path_out_of_the_archive_is_refused(tmp_path: Path):
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("../evil.txt", "x")
    with pytest.raises(InputError, match="escapes the archive"):
        extract_member(archive, "../evil.txt", tmp_path / "deep" / "out")
    with pytest.raises(InputError, match=r"no member evil\.txt among 1"):
        extract_member(archive, "evil.txt", tmp_path / "deep" / "out")
    assert not (tmp_path / "evil.txt").exists()


def test_the_error_for_a_missing_member_lists_the_nearest(tmp_path: Path):
    archive = write_archive(tmp_path, "a.zip")
    with pytest.raises(InputError, match=r"no member b\.bin among 4; nearest: top/deep/b\.bin"):
        extract_member(archive, "b.bin", tmp_path / "out")
    with pytest.raises(InputError, match=r"nearest: top/a\.txt"):
        extract_member(archive, "top/a.tx", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (tarfile.SYMTYPE, "a link to top/a.txt"),
        (tarfile.LNKTYPE, "a link to top/a.txt"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.FIFOTYPE, "a device"),
        (tarfile.DIRTYPE, "a folder"),
    ],
)
def test_only_plain_files_of_a_tar_are_extracted(tmp_path: Path, kind: bytes, words: str):
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as file:
        info = tarfile.TarInfo("odd")
        info.type = kind
        info.linkname = "top/a.txt" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
        file.addfile(info)
    with pytest.raises(InputError, match=words):
        extract_member(archive, "odd", tmp_path / "out")
    assert listed(archive) == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("mode", "words"), [(0o120777, "a link"), (0o040755, "a folder")])
def test_only_plain_files_of_a_zip_are_extracted(tmp_path: Path, mode: int, words: str):
    archive = tmp_path / "a.zip"
    info = zipfile.ZipInfo("odd/" if mode == 0o040755 else "odd")
    info.external_attr = mode << 16
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(info, b"../../etc/passwd" if mode == 0o120777 else b"")
    with pytest.raises(InputError, match=words):
        extract_member(archive, "odd", tmp_path / "out")


def test_an_encrypted_member_is_an_error(tmp_path: Path):
    data = bytearray(zip_bytes())
    start = data.index(b"PK\x01\x02")
    while start >= 0:  # set the bit in every record of the table of contents
        struct.pack_into("<H", data, start + 8, 1)
        start = data.find(b"PK\x01\x02", start + 4)
    archive = tmp_path / "a.zip"
    archive.write_bytes(data)
    with pytest.raises(InputError, match="encrypted"):
        extract_member(archive, MEMBER, tmp_path / "out")


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_truncated_archive_is_an_error(tmp_path: Path, name: str, share: float):
    archive = write_archive(tmp_path, name)
    data = archive.read_bytes()
    archive.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(CorruptArchive, match="truncated"):
        extract_member(archive, MEMBER, tmp_path / "out")
    assert list(tmp_path.iterdir()) == [archive]


@pytest.mark.parametrize("name", PACKED)
def test_damage_anywhere_is_an_error_or_harmless(tmp_path: Path, name: str):
    archive = write_archive(tmp_path, name)
    data = archive.read_bytes()
    generator = random.Random(3)
    errors = 0
    for _ in range(150):
        damaged = bytearray(data)
        damaged[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
        archive.write_bytes(damaged)
        try:
            extract_member(archive, MEMBER, tmp_path / "out")
        except InputError:
            errors += 1
        else:
            assert (tmp_path / "out").read_bytes() == FILES[MEMBER]
    assert errors > 75


@pytest.mark.parametrize("data", [b"", b"just text\n" * 99, b"\0" * 2048])
def test_a_file_of_another_format_is_an_error(tmp_path: Path, data: bytes):
    archive = tmp_path / "a.zip"
    archive.write_bytes(data)
    with pytest.raises(CorruptArchive, match="no zip, tar, deb or compressed file"):
        extract_member(archive, "a", tmp_path / "out")


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "xz.deb"])
def test_more_bytes_than_expected_are_refused(tmp_path: Path, name: str):
    archive = write_archive(tmp_path, name)
    with pytest.raises(InputError, match="more than 3000 bytes"):
        extract_member(archive, MEMBER, tmp_path / "out", size=3000)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["bomb.zip", "bomb.tar.gz", "bomb.gz", "bomb.deb"])
def test_a_bomb_is_refused(tmp_path: Path, name: str, monkeypatch):
    monkeypatch.setattr(archives, "ALWAYS_ALLOWED", 50_000)
    monkeypatch.setattr(archives, "MAX_RATIO", 10)
    zeros = bytes(1_000_000)
    archive = tmp_path / name
    if name == "bomb.zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("bomb", zeros)
    elif name == "bomb.gz":
        archive.write_bytes(gzip.compress(zeros))
    else:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            info = tarfile.TarInfo("bomb")
            info.size = len(zeros)
            tar.addfile(info, io.BytesIO(zeros))
        packed = buffer.getvalue()
        archive.write_bytes(deb_bytes(packed, ".gz") if name == "bomb.deb" else packed)
    with pytest.raises(InputError, match="unpacks to more than 50000 bytes"):
        extract_member(archive, "bomb", tmp_path / "out")
    assert list(tmp_path.iterdir()) == [archive]


def test_a_large_member_needs_little_memory(tmp_path: Path):

    archive = tmp_path / "a.tar.gz"
    size = 40_000_000
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        info = tarfile.TarInfo("large")
        info.size = size
        with Path("/dev/zero").open("rb") as zeros:
            tar.addfile(info, zeros)
    tracemalloc.start()
    extract_member(archive, "large", tmp_path / "out")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "out").stat().st_size == size
    assert peak < 6 * archives.CHUNK
