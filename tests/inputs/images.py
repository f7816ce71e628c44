"""Nouns, images, their features and labels."""

import struct
import zlib

import numpy as np

from tests.inputs import files
from tests.inputs.rows import OBJECTS, Bad, Held, Row, Run, Setting, Unusual, Value, cut, half, swap
from wordbridge.nouns.table import Noun
from wordbridge.nouns.wordnet import label_nouns

DOG = Noun("n1", ("dog",), (), None, "")
NOUN = files.NOUNS.encode()
NOUNS_TARGET, IMAGES_TARGET = "nouns/nouns.tsv", "images/toy.tsv"


def large_png(content: bytes) -> bytes:
    """Return a PNG whose head promises 10,000 million pixels."""
    head = b"IHDR" + struct.pack(">II", 100_000, 100_000) + content[24:29]
    return content[:12] + head + struct.pack(">I", zlib.crc32(head)) + content[33:]


ROWS: list[Row] = [
    Bad(
        "hypernyms in a circle", "WordNet", swap(b"0 000 |", b"0 001 @ 00000002 n 0000 |"), "cycle"
    ),
    Bad("a hypernym that is not there", "WordNet", swap(b"@ 00000001", b"@ 00000009"), "n00000009"),
    Bad("a synset twice", "WordNet", NOUN + NOUN, "n00000001 is in it twice"),
    Bad("another file of WordNet", "WordNet", b"dog n 1 1 @ 1 0 00000002\n", "line 1: expected a"),
    Bad("an empty file", "WordNet", b"", "expected lines of text, got an empty file"),
    Bad("another file of WordNet", "senses", NOUN, "line 2: expected a word and its senses"),
    Bad("a list for another WordNet", "classes", b"n00000009\n", "which is not a noun in"),
    Bad("a class twice", "classes", b"n00000002\nn00000002\n", "expected each synset once"),
    Bad("a gap in the JSON", "classes", b'{"1": ["n00000002", "dog"]}', "indices from 0 without a"),
    Bad("endless JSON", "classes", b'{"0":' * 100_000, "classes in JSON, got none"),
    Bad("classes in Latin-1", "classes", b"n00000002 d\xf4g\n", "line 1: expected UTF-8"),
    Unusual("classes of Kaggle", "classes", b"n00000002 dog, domestic dog\n", [None, 0, None]),
    Unusual("one class", "classes", b"n00000002\n", [None, 0, None]),
    Unusual("a mark and a tab", "classes", b"\xef\xbb\xbfn00000002\tdog\r\n\r\n", [None, 0, None]),
    Bad("a ragged row", "nouns", swap(b"\t3\t", b"\t"), "line 2: expected 5 columns"),
    Bad(
        "a class that is no number",
        "noun vectors",
        swap(b"\t0", b"\tx"),
        "in the column class, got",
    ),
    Bad("a row without vector", "noun vectors", lambda c: c + b"n4\tx\tx\t\n", "expected 3 words"),
    Bad("an empty file", "image", b"", "the file is empty"),
    Bad("a text", "image", b"no image at all", "not an image of a known format (it begins with"),
    Bad("a cut JPEG", "image", half, "damaged"),
    Bad("a drawing in PostScript", "image", b"%!PS-Adobe-3.0 EPSF-3.0\n", "not an image of a"),
    Bad("a bomb of pixels", "image", large_png(files.image()), "10000 million"),
    Bad("heights for colours", "image", files.image("TIFF", mode="F"), "numbers without a kno"),
    Unusual("inks", "image", files.image("JPEG", mode="CMYK"), (9, 7)),
    Unusual("one bit", "image", files.image("TIFF", mode="1"), (9, 7)),
    Unusual("Lab", "image", files.image("TIFF", mode="LAB"), (9, 7)),
    Unusual("one pixel", "image", files.image(size=(1, 1)), (1, 1)),
    Bad("no image in it", "images in a tar", files.tarred({"a.txt": b"x"}), "expected images"),
    Bad("a cut tar", "images in a tar", cut(700), "archive truncated or damaged"),
    Bad("a tar slip", "images in a tar", files.tarred({"../a.png": b"x"}), "escapes the archive"),
    Bad("names for synsets", "images in a tar", files.tarred({"dog/a.png": b"x"}), "got 0 of 1 im"),
    Bad(
        "no synset at all", "images in a table", b"path,synset\ndog.png,\n", "got 0 of 1 images; n"
    ),
    Bad("no column synset", "images in a table", b"path\tnoun\n", "expected the columns path"),
    Bad("a short row", "images in a table", b"path\tsynset\na\n", "line 2: expected 2 columns"),
    Unusual("an image twice", "images in a table", lambda c: c + c[12:], ["dog.png"]),
    Unusual(
        "backslashes and a second file of macOS",
        "images in a tar",
        files.zipped({"n00000002\\dog.png": b"x", "__MACOSX/n00000002/._dog.png": b"x"}),
        ["n00000002/dog.png"],
    ),
    Unusual(
        "a member that leads out",
        "images in a tar",
        files.tarred({"../a.png": b"x", "n00000002/b.png": b"x"}),
        ["n00000002/b.png"],
    ),
    Bad(
        "no column label", "labels", b"name\tsynset\n", "expected the columns label and synset, got"
    ),
    Bad(
        "a word for a synset", "labels", swap(b"n00000002", b"dog"), "for the label 'dogs', or noth"
    ),
    Bad("a synset of another WordNet", "labels", swap(b"n00000002", b"n1"), "got 'n1'; correct it"),
    Bad("a row without a synset", "labels", swap(b"misc\t", b"misc"), "line 3: expected 2 columns"),
    Unusual(
        "a corrected copy of a set's table",
        "labels",
        b"label\timages\tsynset\tsenses\tcandidates\nDogs\t3\tn00000002 \t2\tn1 a; b | n2 c\n",
        {"dogs": "n00000002"},
    ),
    Bad("a NUL in a name", "images in a table", b"path\tsynset\na\0\t\n", "line 2: expected text"),
    Unusual(
        "semicolons, as Excel writes them",
        "images in a table",
        b"path;synset\r\ndog.png;n00000002\xc2\xa0\r\n",
        ["dog.png"],
    ),
    Unusual(
        "a delimiter before the heading, blank rows and capitals, as in Excel",
        "images in a table",
        b"\xef\xbb\xbfsep=;\r\n\r\npath;synset;split\r\ndog.png;N00000002;Train\r\n;;\r\n",
        ["dog.png"],
    ),
    Bad(
        "a short row after a delimiter",
        "images in a table",
        b"sep=,\npath,synset\na\n",
        "line 3: expected 2 columns",
    ),
    Bad("bars for commas", "images in a table", b"path|synset\n", "separated by tabs, commas or"),
    Unusual(
        "folders in capitals",
        "images in a tar",
        files.tarred({"TRAIN/N00000002/DOG.PNG": b"x"}),
        ["TRAIN/N00000002/DOG.PNG"],
    ),
    Unusual(
        "a heading in capitals with spaces",
        "images in a table",
        b"Path, Synset\r\ndog.png,n00000002\r\n",
        ["dog.png"],
    ),
    Bad("no synset", "images in a table", swap(b"n0000", b"x0000"), "expected a synset such as"),
    Unusual("a byte order mark", "images in a table", lambda c: b"\xef\xbb\xbf" + c, ["dog.png"]),
    Bad("other columns", "listed images", b"set\n", "expected the columns set, image"),
    Bad(
        "a row too few", "features", files.npy(np.ones((1, 3), "f4")), "expected 2 rows of numbers"
    ),
    Bad("pickled objects", "features", files.npy(OBJECTS), "no features can be read"),
    Bad("a row too few", "predictions", files.npy(np.ones((1, 3), "f4")), "expected 2 rows as in"),
    Bad("a cut file", "predictions", half, "predictions unreadable"),
    Value(
        "a name of another WordNet",
        lambda: label_nouns([DOG], [("n1", "wolf")]),
        "the class list names n1 'wolf', expected one of dog",
    ),
    Setting("a fraction of all nouns", "image_split.unseen", 1.0, "image_split.unseen: expected a"),
    Setting("a fraction of all images", "image_split.valid", 1.0, "image_split.valid: expected a"),
    Setting("all images in test", "image_split.test", 1.0, "image_split.test: expected a"),
    Run(
        "another file of WordNet",
        {"data.noun": b"dog n 1 1 @ 1 0 00000002\n"},
        NOUNS_TARGET,
        "toy_nouns, line 1: expected a",
        True,
        images=True,
    ),
    Run(
        "a list of classes for another WordNet",
        {"classes.txt": b"n00000009\n"},
        NOUNS_TARGET,
        "n00000009 (without a name), which is not a noun in",
        True,
        images=True,
    ),
    Run(
        "a folder that is not there",
        {"toy.yaml": ("folder: images", "folder: photographs")},
        IMAGES_TARGET,
        "photographs: expected a folder of images, got none",
        True,
        images=True,
    ),
    Run(
        "a text for a tar",
        {"toy.yaml": ("folder: images\n    kind: folder", "archive: toy_nouns\n    kind: tar")},
        IMAGES_TARGET,
        "toy_nouns: no zip, tar, deb or compressed file",
        True,
        images=True,
    ),
    Run(
        "weights that are none",
        {"weights.pth": b"no weights"},
        "features/toy/0.npy",
        "toy_weights: no weights can be read",
        True,
        images=True,
    ),
    *(
        Held(what, f"tests/images/test_decoding.py::{test}", words)
        for what, test, words in (
            (
                "planes of 12 bits",
                "test_the_reason_why_an_image_is_unreadable_is_one_line",
                "planes",
            ),
            ("large greys", "test_a_large_image_is_reduced_before_anything_else", '"I;16", "PNG"'),
            ("large images of 12 bits", "test_a_large_image_with_12_bits_is_reduced", "ramp, 12"),
        )
    ),
    Held(
        "a folder with decomposed accents",
        "tests/images/test_listing.py::"
        "test_a_folder_whose_name_has_another_normal_form_is_an_error",
        "e\\u0301te",
    ),
    Held(
        "an image that is none",
        "tests/search/test_engine.py::test_other_weights_and_files_that_are_no_images_are_refused",
        'write_bytes(b"no image")',
    ),
]
