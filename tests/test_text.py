"""Text of users: what ends a line, which bytes are text, what is invisible."""

import bz2
import gzip
import lzma
import random
import sys
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.inputs import files
from wordbridge import text as text_module
from wordbridge.errors import InputError
from wordbridge.text import Text, aligned_parts, clean, is_plain, read_lines


@pytest.mark.parametrize("form", ["plain", "gzip", "zip"])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"un\ndeux\n", ["un", "deux"]),
        (b"un\r\ndeux\r\n", ["un", "deux"]),
        (b"un\ndeux", ["un", "deux"]),
        (b"\n\nun\n\n", ["", "", "un", ""]),
        (b"\xef\xbb\xbfun\n\xef\xbb\xbfdeux\n", ["un", "deux"]),
        (b"a\tb\x0bc\x0cd\x1ce\n", ["a\tb c d e"]),
        ("a\u2028b\u2029c\u0085d\n".encode(), ["a b c d"]),
        ("Ou\u0300\u202f?\u200b\n".encode(), ["O\u00f9 ?"]),
    ],
)
def test_only_line_feeds_end_lines_in_every_form(
    tmp_path: Path, form: str, content: bytes, expected: list[str]
):
    assert list(read_lines(files.text_file(tmp_path, content, form))) == expected


@pytest.mark.parametrize("block", [1, 2, 3, 7, 1 << 16])
def test_the_size_of_the_blocks_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
):
    text = "Où ?\r\n\r\n" + "é" * 40 + "\nfin"
    path = files.text_file(tmp_path, text.encode(), "plain")
    monkeypatch.setattr(text_module, "BLOCK", block)
    assert list(read_lines(path)) == ["Où ?", "", "é" * 40, "fin"]


@pytest.mark.parametrize("block", [1, 4, 7, 16])
@pytest.mark.parametrize(("length", "is_line"), [(16, True), (17, False)])
def test_lines_that_are_too_long_are_an_error_wherever_blocks_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, length: int, is_line: bool
):
    lines = ["a", "bc", "d" * (length - 1)]
    path = files.text_file(tmp_path, "".join(f"{line}\n" for line in lines).encode(), "plain")
    monkeypatch.setattr(text_module, "BLOCK", block)
    monkeypatch.setattr(text_module, "MAX_LINE", 16)
    if is_line:
        assert list(read_lines(path)) == lines
        return
    with pytest.raises(InputError, match=r"line 3: .* one of more than 16 bytes"):
        list(read_lines(path))


@pytest.mark.parametrize("block", [1, 4, 1 << 16])
@pytest.mark.parametrize("size", [1, 9, 40])
@pytest.mark.parametrize("others", [0, 7, 30])
def test_parts_have_the_same_lines_of_both_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, size: int, others: int
):
    monkeypatch.setattr(text_module, "BLOCK", block)
    lines = ["\ufeffun", "", "deux trois quatre cinq", *map(str, range(20)), "", "é", "fin"]
    other_lines = [line * (number % 4) for number, line in enumerate(lines * 2)][:others]
    paths = [tmp_path / "text", tmp_path / "other"]
    paths[0].write_bytes("\n".join(lines).encode())
    paths[1].write_bytes("".join(f"{line}\r\n" for line in other_lines).encode())
    count = 0
    ends = [Text(path) for path in paths]
    for part in aligned_parts(str(paths[0]), str(paths[1]), size):
        for text, path, end in zip(part, paths, ends, strict=True):
            texts = [line for block in text.lines() for line in block]
            assert texts == list(read_lines(path))[count : text.count]
            assert text.start == end.start
        assert part[0].count == part[1].count > count
        count, ends = part[0].count, [text.rest() for text in part]
    if size == 1:
        assert count == min(len(lines) - 1, others)


def test_compressed_and_missing_files_are_not_plain(tmp_path: Path):
    for form in ("plain", "gzip", "zip"):
        assert is_plain(files.text_file(tmp_path, b"a\n", form)) == (form == "plain")
    assert not is_plain(tmp_path / "missing")


LETTERS = st.sampled_from(
    "a b\t\n\r\x0b\x1c\x7f\x80\x85\xa0\xa1\xad«éÿ\u02ff\u0301\u200b\u2019\u2028\u20d0\u212b\ufeff가"
)


@settings(deadline=None)
@given(
    st.lists(st.one_of(LETTERS.map(str.encode), st.binary(min_size=1, max_size=2)), max_size=8),
    st.sampled_from([1, 4, 1 << 16]),
)
def test_blocks_of_clean_text_are_read_as_all_others(parts: list[bytes], block: int):
    content = b"x" + b"".join(parts)

    def outcome(**checks: Callable[[object], bool]) -> list[str] | str:
        with (
            TemporaryDirectory() as folder,
            mock.patch.multiple(text_module, BLOCK=block, **checks),
        ):
            Path(folder, "text").write_bytes(content)
            try:
                return list(read_lines(f"{folder}/text"))
            except InputError as error:
                return str(error).removeprefix(folder)

    assert outcome() == outcome(_is_text=lambda data: False, _is_clean=lambda block: False)


def test_characters_that_stay_are_plain_and_never_compose():
    every = [chr(code) for code in range(sys.maxunicode + 1)]
    canonical = [
        parts for parts in map(unicodedata.decomposition, every) if parts and parts[0] != "<"
    ]
    seconds = {chr(int(code, 16)) for parts in canonical for code in parts.split()[1:]}
    for character in filter(text_module._stays, every[0x7F:]):
        assert not character.isspace()
        assert unicodedata.category(character) not in ("Cc", "Cf")
        assert not unicodedata.combining(character)
        assert character not in seconds
        assert unicodedata.is_normalized("NFC", character)


@pytest.mark.parametrize("block", [5, 1 << 16])
@pytest.mark.parametrize(
    ("content", "line", "byte"),
    [
        (b"ab\ncd\nx\xe9y\n", 3, "0xe9 at byte 2 of the line"),
        (b"ab\n\xffcd\n", 2, "0xff at byte 1 of the line"),
        (b"ab\ncd\n\xc3", 3, "0xc3 at byte 1 of the line"),
        (b"ab\n\xed\xa0\x80\n", 2, "0xed at byte 1 of the line"),
        (b"ab\n\nc\0d\n", 3, "0x00 at byte 2 of the line"),
        ("Où ?".encode("utf-16-le"), 1, "0x00 at byte 2 of the line"),
        ("Où ?".encode("utf-16"), 1, "got UTF-16"),
        ("Où ?".encode("utf-32"), 1, "got UTF-32"),
        (b"ab\r\ncd\rx\n", 2, "0x0d at byte 3 of the line"),
        (b"ab\rcd\r", 1, "0x0d at byte 3 of the line"),
        (b"ab\ncd\r", 2, "0x0d at byte 3 of the line"),
    ],
)
def test_bytes_that_are_not_text_are_an_error_with_their_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    block: int,
    content: bytes,
    line: int,
    byte: str,
):
    path = files.text_file(tmp_path, content, "plain")
    monkeypatch.setattr(text_module, "BLOCK", block)
    with pytest.raises(InputError, match=f"text-plain, line {line}: .*{byte}"):
        list(read_lines(path))


@pytest.mark.parametrize("form", ["plain", "gzip", "zip"])
@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
def test_an_empty_text_is_an_error(tmp_path: Path, form: str, content: bytes):
    with pytest.raises(InputError, match="empty file"):
        list(read_lines(files.text_file(tmp_path, content, form)))


def test_a_missing_file_is_an_error(tmp_path: Path):
    with pytest.raises(InputError, match=r"nowhere.txt: expected a text file, got no file"):
        list(read_lines(tmp_path / "nowhere.txt"))


@pytest.mark.parametrize("form", ["gzip", "zip"])
@pytest.mark.parametrize("cut", [0.2, 0.6, 0.98])
def test_a_truncated_archive_is_an_error(tmp_path: Path, form: str, cut: float):
    noise = random.Random(5)
    text = "".join(f"{noise.random()}\n" for _ in range(3000))
    path = files.text_file(tmp_path, text.encode(), form)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * cut)])
    with pytest.raises(InputError, match=r"truncated.*fetch it again"):
        list(read_lines(path))


@pytest.mark.parametrize("form", ["gzip", "zip"])
def test_a_damaged_archive_is_an_error(tmp_path: Path, form: str):
    noise = random.Random(6)
    text = "".join(f"{noise.random()}\n" for _ in range(3000))
    path = files.text_file(tmp_path, text.encode(), form)
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(InputError, match=r"damaged|expected (UTF-8|text)"):
        list(read_lines(path))


def test_an_archive_of_several_files_is_an_error(tmp_path: Path):
    path = tmp_path / "pairs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.mkdir("folder")
        archive.writestr("folder/fr.txt", "Qui ?\n")
        archive.writestr("about.txt", "text\n")
    with pytest.raises(InputError, match=r"got about\.txt, folder/fr\.txt; unpack it, or set"):
        list(read_lines(path))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text\t?", "plain text\t?"),
        ("\ufeffW\u200bh\u200ea\u00adt\u2060?", "What?"),
        ("\u00a0Qui\u202f?\u3000\u2028", " Qui ?  "),
        ("e\u0301te\u0301 A\u030a", "\u00e9t\u00e9 \u00c5"),
        ("a\x00b\x1b[0m\x7f", "ab[0m"),
        ("\u2019\u201c\u2026\u0153", "\u2019\u201c\u2026\u0153"),
        ("\udce9t", "\udce9t"),
    ],
)
def test_clean_text_is_composed_and_visible(text: str, expected: str):
    assert clean(text) == expected
    assert clean(expected) == expected


@pytest.mark.parametrize(
    ("pack", "expected"),
    [(lzma.compress, ["a", "b"]), (bz2.compress, ["a", "b"])],
)
def test_texts_of_other_compressors_are_read(tmp_path: Path, pack, expected):
    (tmp_path / "text").write_bytes(pack(b"a\nb\n"))
    assert list(read_lines(tmp_path / "text")) == expected


def test_a_zip_of_a_mac_has_one_file(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "text", "w") as archive:
        archive.writestr("data/", "")
        archive.writestr("data/text.txt", "a\n")
        archive.writestr("__MACOSX/data/._text.txt", "\0\5")
        archive.writestr("data/.DS_Store", "\0")
    assert list(read_lines(tmp_path / "text")) == ["a"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x28\xb5\x2f\xfdxxxx", "a zstd archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (b"Rar!\x1a\x07", "a rar archive"),
        (files.tarred({"a.txt": b"a\n"}), "a tar archive"),
        (gzip.compress(files.tarred({"a.txt": b"a\n"}), mtime=0), "a tar archive"),
    ],
)
def test_other_archives_are_named(tmp_path: Path, content: bytes, kind: str):
    (tmp_path / "text").write_bytes(content)
    with pytest.raises(InputError, match=f"got {kind}; unpack it, or set"):
        list(read_lines(tmp_path / "text"))
