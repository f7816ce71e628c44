"""Texts and tables, and corpora made of them."""

import gzip
import lzma
import zipfile
from collections import Counter

import numpy as np

from tests.inputs import files
from tests.inputs.doors import PAIRS, PNGS, TOKENIZED
from tests.inputs.rows import (
    FR,
    OBJECTS,
    Bad,
    Held,
    Row,
    Run,
    Unusual,
    Value,
    encrypted,
    half,
    npz,
    swap,
)
from wordbridge.corpus.batches import sortish_batches
from wordbridge.corpus.questions import extract_questions
from wordbridge.corpus.splits import grouped_split, random_split
from wordbridge.corpus.vocabulary import Vocabulary, build_vocabulary, numericalize

XLSX = files.zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})
PAIR = ("1", "1", "Qui ?", "Who?", "", "")
HEADED = files.table(PAIRS, PAIR)
RAGGED = files.table(PAIRS, ("1", "1", "Qui ?"))
FRENCH, ENGLISH = "tests/mini/questions.fr.txt", "tests/mini/questions.en.txt"
PAIRS_TARGET, SPLIT_TARGET = "questions/pairs.tsv", "split/pairs.tsv"

ROWS: list[Row] = [
    Bad("UTF-16", "lines", FR.encode("utf-16"), "line 1: expected UTF-8, got UTF-16; convert"),
    Bad("Latin-1", "lines", FR.encode("latin-1"), "line 1: expected UTF-8, got by"),
    Bad("a NUL byte", "lines", b"a\nb\0\n", "line 2: expected text, got byte 0x00 at byte 2"),
    Bad("an empty file", "lines", b"", "expected lines of text, got an empty file"),
    Bad("a line of 16 MB", "lines", b"a\n" + b"x" * (17 << 20), "line 2: expected lines of text"),
    Bad("a cut .gz", "lines", half(gzip.compress(FR.encode() * 9)), "truncated or encrypted"),
    Bad(
        "an encrypted zip", "lines", encrypted(files.zipped({"a": b"b"})), "truncated or encrypted"
    ),
    Bad("a zip of two texts", "lines", files.zipped(PNGS), "unpack it, or set the member"),
    Bad(
        "a zip with damaged LZMA",
        "lines",
        swap(b"\x5d\0\0", b"\xff\xff\xff")(files.zipped({"a": b"b" * 99}, zipfile.ZIP_LZMA)),
        "truncated or encrypted",
    ),
    Bad("UTF-16 without a mark", "lines", FR.encode("utf-16-le"), "name a text file, or convert"),
    Bad("line ends of old Macs", "lines", b"a\rb\r", "line 1: expected lines that end in"),
    Bad("a few line ends of old Macs", "lines", b"a\r\nb\rc\n", "line 2: expected lines that end"),
    Bad(
        "a tar in a .gz",
        "lines",
        gzip.compress(files.tarred(PNGS), mtime=0),
        "a tar archive; unpack it, ",
    ),
    Bad("a zstd archive", "lines", b"\x28\xb5\x2f\xfd" + FR.encode(), "a zstd archive; unpack"),
    *(
        Bad(what, "lines", content, f"got {kind}; save it as plain or tab-separated text in UTF-8")
        for what, content, kind in (
            ("an .xlsx", XLSX, "an office document"),
            ("an .ods", files.zipped({"mimetype": b"", "content.xml": b""}), "an office document"),
            ("an .xls", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(99), "an office document"),
            ("a PDF", b"%PDF-1.7\n%\xe2\xe3\n", "a PDF"),
            ("an RTF document", b"{\\rtf1\\ansi Qui ?}\n", "an RTF document"),
            ("a TMX", b"\xef\xbb\xbf<?xml version='1.0'?>\n<tmx/>\n", "XML, as TMX and XLIFF are"),
            (
                "a TMX, packed",
                gzip.compress(b'<?xml version="1.0"?>\n'),
                "XML, as TMX and XLIFF are",
            ),
        )
    ),
    Bad("a web page", "lines", b"\r\n<!DOCTYPE HTML>\n", "got a web page; fetch the file again"),
    Bad("a pointer of Git LFS", "lines", b"version https://git-lfs.github.com/\n", "git lfs pull"),
    Bad("an .xlsx", "columns", XLSX, "got an office document; save it as plain or tab-separated"),
    Bad("an .xlsx", "vec", XLSX, "got an office document; save it as plain or tab-separated"),
    Bad("an .xlsx", "words of npy", XLSX, "got an office document; save it as plain or tab-sep"),
    Bad("an .xlsx", "images in a table", XLSX, "got an office document; save it as plain or tab"),
    Bad(
        "a TMX without its first line", "lines", b'<tmx version="1.4">\n', "got XML, as TMX and XL"
    ),
    Bad(
        "a compressed .gz", "lines", gzip.compress(gzip.compress(b"a")), "a compressed file; unpac"
    ),
    Bad("commas for tabs", "columns", b"a,b\nc,d\n", "got 1; put tabs between them, or correct"),
    Bad("a packed database", "verses", gzip.compress, "not a database); unpack or fetch it"),
    Unusual(
        "a zip with files of systems",
        "lines",
        files.zipped({"a": b"b", "._a": b"\0", "x/Thumbs.db": b"", "desktop.ini": b""}),
        ["b"],
    ),
    Unusual("parts with a mark each", "lines", b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", ["a", "b"]),
    Unusual("the end of a file in DOS", "lines", b"a\r\n\x1a", ["a", ""]),
    Unusual(
        "two .gz in one file", "lines", gzip.compress(b"a\n") + gzip.compress(b"b\n"), ["a", "b"]
    ),
    Unusual("separators of Unicode", "lines", "a\x85b\u2028c\n".encode(), ["a b c"]),
    Unusual("an .xz", "lines", lzma.compress(b"a\n"), ["a"]),
    Unusual("a zip of a Mac", "lines", files.zipped({"a": b"b", "__MACOSX/._a": b"\0"}), ["b"]),
    Unusual("a byte order mark", "lines", b"\xef\xbb\xbfa\n", ["a"]),
    Unusual("invisible characters", "lines", "\u200bW\xadh\u200eat\ufeff?".encode(), ["What?"]),
    Unusual("French spaces", "lines", "Qui\u202f?\u2009Moi\xa0!".encode(), ["Qui ? Moi !"]),
    Unusual("decomposed accents", "lines", "Ou\u0300\n".encode(), ["Où"]),
    Unusual("Windows line ends", "lines", b"a\r\nb\r\n", ["a", "b"]),
    Unusual("no end of the last line", "lines", b"a\nb", ["a", "b"]),
    Unusual("a .gz without its ending", "lines", gzip.compress(b"a\n"), ["a"]),
    Unusual("a line of 1 MB", "lines", b"x" * (1 << 20), ["x" * (1 << 20)]),
    Bad("a ragged table", "columns", b"a\tb\nc\n", "line 2: expected tab-separated fields (2"),
    Unusual(
        "quotes as pandas writes them",
        "columns",
        b'"Why ""me""?"\t"a, b"\n5" c\tb "d"\n',
        [(1, 'Why "me"?', "a, b"), (2, '5" c', 'b "d"')],
    ),
    Unusual("an empty line", "columns", b"a\tb\n\n", [(1, "a", "b"), (2, "", "")]),
    Unusual("a quoted line end", "columns", b'"a\nb"\tc\nd\te\n', [(1, "a b", "c"), (3, "d", "e")]),
    Unusual(
        "quotes as typed",
        "columns",
        b'"a" b\t5" c\n"d"\te\n',
        [(1, '"a" b', '5" c'), (2, '"d"', "e")],
    ),
    Bad("texts of two lengths", "aligned lines", b"a\n", "got 1 lines in"),
    Bad("a table of other columns", "pairs", b"fr\ten\n", "expected the columns item, group"),
    Bad(
        "a table in Latin-1", "pairs", FR.encode("latin-1"), "line 1: expected UTF-8, got byte 0xf9"
    ),
    Bad(
        "a carriage return", "pairs", HEADED.replace(b"Qui", b"Q\ri"), "line 2: expected lines that"
    ),
    Bad("a short row", "pairs", RAGGED, "line 2: expected 6 columns, got 3"),
    Unusual(
        "a table saved on Windows",
        "pairs",
        b"\xef\xbb\xbf" + HEADED.replace(b"\n", b"\r\n"),
        [PAIR],
    ),
    Bad("an unknown escape", "tokens", swap(b"who ?", b"who\\q ?"), "unknown escape"),
    Bad("a short row", "tokens", files.table(TOKENIZED, PAIR), "line 2: expected 8 columns, got 6"),
    Bad("a gap in the ids", "vocabulary", swap(b"5\ta", b"6\ta"), "expected ids from 0 on"),
    Bad("a word twice", "vocabulary", swap(b"a\\sb", b"dog"), "every word once"),
    Bad("a row without id", "vocabulary", swap(b"5\ta", b"\ta"), "line 7: expected values of id"),
    Bad("other special words", "vocabulary", swap(b"_eos_", b"</s>"), "the special tokens"),
    Bad("a cut file", "ids", half, "no arrays can be read"),
    Bad("pickled objects", "ids", npz(ids=OBJECTS), "no arrays can be read (Object arrays cannot"),
    Bad("numbers of another type", "ids", npz(ids=np.zeros(2)), "ids: expected one row of int32"),
    Bad("falling offsets", "ids", npz(offsets=np.array([2, 0])), "that fit together"),
    Bad("an encrypted .npz", "ids", encrypted(npz()), "no arrays can be read"),
    Bad("names in Latin-1", "ids", npz(names=np.array([233], np.uint8)), "that fit together"),
    Bad("no database", "verses", b"verses", "expected an SQLite database of Bible verses"),
    Bad("a cut database", "verses", half, "expected an SQLite database of Bible verses"),
    Bad("an empty model", "pieces", b"", "expected a SentencePiece model, got none (no pieces)"),
    Bad("other bytes", "pieces", b"\xff" * 99, "expected a SentencePiece model, got none"),
    Bad("other columns", "report", b"a\tb\n", "expected the columns reason, count"),
    Value(
        "a corpus of one pair",
        lambda: grouped_split(["a"], ["b"], ["c"], {"train": 0.8, "valid": 0.2}, 1),
        "split: expected pairs for the split 'valid', got none",
    ),
    Value("one pair drawn at random", lambda: random_split(1, 42, 0.1, 0.0), gives=["train"]),
    Value(
        "a train split without texts",
        lambda: numericalize([], [], Vocabulary((), ()), 90, "all", True),
        "expected pairs in the train split, got none",
    ),
    Value(
        "one text for both languages",
        lambda: list(extract_questions([(1, "Who?", "Who?")], None, None, Counter(), None)),
        "got the same text on both sides of all 1 pairs; name the file or column",
    ),
    Value(
        "a vocabulary of no word",
        lambda: build_vocabulary([["a"]], 0, 1).ids(["a"]),
        gives=[3],
    ),
    Value(
        "a batch larger than the corpus",
        lambda: [batch.tolist() for batch in sortish_batches([3, 7], 100, 1, 0)],
        gives=[[1, 0]],
    ),
    Run(
        "a French text in Latin-1",
        {FRENCH: FR.encode("latin-1") * 40},
        PAIRS_TARGET,
        "line 1: expected UTF-8, got byte 0xf9 at byte 2",
    ),
    Run(
        "a corpus of one pair",
        {FRENCH: FR.encode(), ENGLISH: b"Where is he?\n"},
        SPLIT_TARGET,
        "error: split: expected pairs for the split",
        True,
    ),
    Run(
        "no question in the corpus",
        {FRENCH: b"Oui.\n", ENGLISH: b"Yes.\n"},
        PAIRS_TARGET,
        "error: expected sentence pairs that match the patterns",
        True,
    ),
    Held(
        "a file that is not there, and texts of two lengths",
        "tests/test_error_lines.py::test_an_error_is_one_line_among_the_last_ones",
        '"questions.txt"',
    ),
]
