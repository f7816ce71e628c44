"""Word vectors of every kind."""

import gzip

import numpy as np

from tests.inputs import files
from tests.inputs.doors import bin_model, numbers_of
from tests.inputs.rows import (
    NAN,
    OBJECTS,
    UNPICKLED,
    Bad,
    Held,
    Row,
    Run,
    Unusual,
    cut,
    half,
    npz,
    numbered,
    swap,
)

NOUN_VECTORS = "nouns/vectors.npy"
FASTTEXT = "tests/vectors/test_fasttext.py"

ROWS: list[Row] = [
    Bad("an empty file", "fastText", b"", "no fastText model can be read"),
    Bad("a .vec named .bin", "fastText", b"2 3\ndog 1 2 3\n" * 9, "begins with the number 7937"),
    Bad("a model cut in its head", "fastText", cut(50), "begins with the number 793712314"),
    Bad("a model cut in its dictionary", "fastText", cut(100), "ends inside its dictionary"),
    Bad("a model cut before its matrix", "fastText", cut(122), "ends inside the size of its"),
    Bad("a model cut in its matrix", "fastText", cut(-9), "ends inside its matrix of 5 x 3"),
    Bad("version 10", "fastText", numbered(4, "<i", 10), "fastText format version 10, expected"),
    Bad("a later version", "fastText", numbered(4, "<i", 13), "fastText format version 13"),
    Bad("a quantised model (.ftz)", "fastText", numbered(84, "<q", 2), "a quantized fastText"),
    Bad("no dimension", "fastText", numbered(8, "<i", 0), "impossible settings (0 dimensions"),
    Bad("buckets below 0", "fastText", numbered(40, "<i", -1), "impossible settings"),
    Bad("endless subwords", "fastText", numbered(48, "<i", 1 << 30), "subwords of 1073741824"),
    Bad("a NaN in the matrix", "fastText", numbered(-60, "<f", NAN), "expected finite numbers"),
    Bad("words in Latin-1", "fastText", swap(b"dog", b"d\xf4g"), "word 1: expected UTF-8, got b'd"),
    Unusual("version 11", "fastText", numbered(4, "<i", 11), numbers_of("fastText")),
    Unusual(
        "a classifier of version 11, which had no subwords",
        "fastText",
        lambda content: numbered(4, "<i", 11)(numbered(36, "<i", 3)(content)),
        [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]],
    ),
    Unusual("a head that promises more", "vec", swap(b"2 3", b"3 3"), [[1, 2, 3], [4, 5, 6]]),
    Bad(
        "a cut file", "vec", b"3 3\ndog 1 2 3\ncat 4 5 6", "expected 3 words, as in the first line"
    ),
    Bad(
        "words in Latin-1", "vec", b"1 2\np\xe8re 1 2\ndog 1 2\n", "line 2: expected UTF-8, got b'p"
    ),
    Bad("line ends of old Macs", "vec", b"2 2\ndog 1 2\rcat 3 4\n", "line 2: expected lines that"),
    Unusual("tabs, spaces, an empty line", "vec", b"dog\t1  2\n\ncat 3\t4\n", [[1, 2], [3, 4]]),
    Unusual("a mark in a word", "vec", "2 1\ndog\u200b 1\n\ufeffcat 2\n".encode(), [[1], [2]]),
    Bad("a head of other sizes", "vec", swap(b"2 3", b"2 4"), "line 2: expected a word and 4 num"),
    Bad(
        "a head of a huge size", "vec", swap(b"2 3", b"2 99999999999999999999"), "line 1: expected"
    ),
    Bad("a NaN", "vec", swap(b"dog 1", b"dog nan"), "line 2: expected finite numbers, got NaN"),
    Bad("too large a number", "vec", swap(b"dog 1", b"dog 1e39"), "line 2: expected finite numb"),
    Bad("a word for a number", "vec", swap(b"dog 1", b"dog one"), "line 2: expected 3 numbers"),
    Bad("a ragged line", "vec", swap(b"4 5 6", b"4 5"), "line 3: expected a word and 3 numbers"),
    Bad("UTF-16", "vec", "2 3\ndog 1 2 3\n".encode("utf-16"), "line 1: expected UTF-8, got UTF-16"),
    Bad("a .bin named .vec", "vec", bin_model(), "line 1: expected text, got byte 0x00"),
    Bad("an empty file", "vec", b"", "line 1: expected a word and its numbers"),
    Bad("a cut .gz", "vec", lambda c: half(gzip.compress(c * 99)), "truncated or encrypted file"),
    Bad(
        "the binary format of word2vec",
        "vec",
        b"2 3\ndog " + np.array([1.1, 2.2, 3.3], "<f4").tobytes() + b"\n",
        "line 2: expected a word and 3 numbers, got 1 in the binary format of word2vec",
    ),
    Bad("commas for spaces", "vec", b"dog,1,2\ncat,3,4\n", "line 1: expected a word and its num"),
    Bad("commas for points", "vec", swap(b"dog 1", b"dog 1,0"), "line 2: expected 3 numbers"),
    Bad("two files in one", "vec", lambda c: c + c, "line 4: expected a word and 3 numbers, got 1"),
    Unusual("a head after a space", "vec", lambda c: b" " + c, [[1, 2, 3], [4, 5, 6]]),
    Unusual("no head, as in GloVe", "vec", b"dog 1 2\ncat 3 4\n", [[1, 2], [3, 4]]),
    Unusual("a byte order mark", "vec", b"\xef\xbb\xbf1 2\ndog 1 2\n", [[1, 2]]),
    Unusual("Windows line ends", "vec", b"1 2\r\ndog 1 2\r\n", [[1, 2]]),
    Unusual("a head that promises less", "vec", b"1 2\ndog 1 2\ncat 3 4\n", [[1, 2], [3, 4]]),
    Unusual("a .gz without its ending", "vec", gzip.compress(b"1 2\ndog 1 2\n"), [[1, 2]]),
    Bad("a pickle named .npy", "npy", UNPICKLED, "no .npy matrix can be read"),
    Bad("pickled objects", "npy", files.npy(OBJECTS), "no .npy matrix can be read"),
    Bad("an .npz named .npy", "npy", npz(), "no .npy matrix can be read (the magic string"),
    Bad("a packed matrix", "npy", gzip.compress, "no .npy matrix can be read (the magic string"),
    Unusual("the other byte order", "npy", files.npy(np.ones((2, 3), ">f4")), [[1] * 3] * 2),
    Bad("whole numbers", "npy", files.npy([[1, 2]]), "expected a matrix (words, dim) of floating"),
    Bad("a cut file", "npy", half, "no .npy matrix can be read"),
    Bad("a head that is no Python", "npy", swap(b"'shape'", b"'shape("), "no .npy matrix can be r"),
    Bad("a row too many", "npy", files.npy(np.ones((3, 2))), "expected 3 words, as"),
    Bad("an infinity", "npy", files.npy([[np.inf], [1.0]]), "row 0: expected finite numbers"),
    Bad("words in Latin-1", "words of npy", b"\xe9t\xe9\n", "line 1: expected UTF-8"),
    Unusual(
        "words with a mark",
        "words of npy",
        b"\xef\xbb\xbfdog\r\ncat\xc2\xad\r\n",
        numbers_of("npy"),
    ),
    Bad("a cut Parquet table", "words of npy", half, "no Parquet table can be read"),
    Bad("text for numbers of rows", "spaCy", b"dog cat", "expected spaCy's vocab/key2row"),
    Bad(
        "a row of 64 bits", "spaCy", b"\x81\x01\xcf" + b"\xff" * 8, "expected spaCy's vocab/key2row"
    ),
    Bad(
        "no word at all, as floret's", "spaCy", b"\x80", "expected words with a row each, got none"
    ),
    Bad("a key below 0", "spaCy", b"\x81\xff\x00", "expected spaCy's vocab/key2row"),
    Bad("rows beyond the table", "spaCy", files.key_rows(("a", "b", "c")), "names row 2, but"),
    Bad("a third word", "matrix", files.npy(np.ones((3, 3), "f4")), "expected 2 words, got 3"),
    Bad("a NaN", "matrix", files.npy(np.full((2, 3), NAN, "f4")), "NaN or infinity in row 0"),
    Run(
        "vectors of two lengths",
        {"toy.vec": b"2 3\ndog 1 2 3\ncat 4 5\n"},
        NOUN_VECTORS,
        "toy_vectors, line 3: expected a word and 3 numbers",
        True,
        images=True,
    ),
    Run(
        "a .bin named .vec",
        {"toy.vec": bin_model()},
        NOUN_VECTORS,
        "toy_vectors, line 1: expected text, got byte 0x00",
        True,
        images=True,
    ),
    Held("a real .ftz", f"{FASTTEXT}::test_a_quantized_model_is_an_error", "quantize()"),
    Held("labels among the words", f"{FASTTEXT}::test_labels_are_not_words", "__label__1"),
]
