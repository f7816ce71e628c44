"""The table of bad and unusual inputs: what is given, through which door, and what must come of it.

A bad input ends in one line that a person can act on, an unusual one in a correct result. The
doors of files are in doors.py; test_bad_inputs.py goes through them all. What needs a test of its
own stands at the end with the place where that is.
"""

import gzip
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.inputs import files
from tests.inputs.doors import PAIRS, PNGS, TOKENIZED, bin_model, numbers_of
from wordbridge.corpus.batches import sortish_batches
from wordbridge.corpus.numbering import length_limit
from wordbridge.corpus.splits import grouped_split, lesson_split
from wordbridge.corpus.vocabulary import build_vocabulary
from wordbridge.devise.class_lists import Listed, label_nouns
from wordbridge.devise.noun_table import Noun
from wordbridge.devise.picture_split import Settings
from wordbridge.sources.resource import parse_resource
from wordbridge.translation.settings import settings_from

Harm = bytes | Callable[[bytes], bytes]


class Bad(NamedTuple):
    """A file that a reader must refuse with a line that holds ``says``."""

    what: str
    door: str
    content: Harm
    says: str


class Unusual(NamedTuple):
    """A file that a reader must understand."""

    what: str
    door: str
    content: Harm
    gives: Any


class Value(NamedTuple):
    """A value that the library must refuse (``says``) or take (``gives``)."""

    what: str
    call: Callable[[], Any]
    says: str = ""
    gives: Any = None


class Setting(NamedTuple):
    """A key of the configuration with a value that must be refused."""

    what: str
    key: str
    value: Any
    says: str


class Command(NamedTuple):
    """A command line, in a finished run of which files were replaced.

    ``@`` is the folder of the best translator; text stands for another folder of the run.
    """

    what: str
    words: Sequence[str]
    says: str
    code: int = 1
    stdin: bytes | None = None
    harmed: Mapping[str, Harm | str] = {}


class Run(NamedTuple):
    """The mini workflow up to ``target`` after ``edits`` of its files (old and new text)."""

    what: str
    edits: Mapping[str, tuple[str, str] | bytes]
    target: str
    says: str
    long: bool = False


class Held(NamedTuple):
    """An input of which another test is the row."""

    what: str
    test: str


class Reads:
    """Creates a file when it is unpickled: whoever can do that can do anything."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path("unpickled").write_text, ("x",))


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def cut(size: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:size]


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def swapped(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return swapped


def numbered(offset: int, layout: str, value: float) -> Callable[[bytes], bytes]:
    return lambda content: files.with_number(offset, layout, value, content)


def encrypted(content: bytes) -> bytes:
    """Return a zip that says of its members that they are encrypted."""
    start = content.index(b"PK\x01\x02")
    content = files.with_number(6, "<H", 1, content)
    return files.with_number(start + 8, "<H", 1, content)


def large_png(content: bytes) -> bytes:
    """Return a PNG whose head promises 400 million pixels."""
    head = b"IHDR" + struct.pack(">II", 20_000, 20_000) + content[24:29]
    return content[:12] + head + struct.pack(">I", zlib.crc32(head)) + content[33:]


def npz(**arrays: Any) -> bytes:
    """Return numbered texts with other arrays in place of some."""
    whole = {
        "ids": np.array([5, 2], np.int32),
        "offsets": np.array([0, 2], np.int64),
        "part": np.array([0], np.int8),
        "version": np.zeros(0, np.int16),
        "names": np.zeros(0, np.uint8),
    }
    packed = {**whole, **arrays}
    return files.zipped({f"{name}.npy": files.npy(array) for name, array in packed.items()})


def resource(**place: Any) -> Callable[[], Any]:
    return lambda: parse_resource("mini", {"places": [place]})


NAN = float("nan")
FR = "Où est-il ?\n"
PAIR = ("1", "1", "Qui ?", "Who?", "", "")
DOG = Noun("n1", ("dog",), (), None, "")
HEADED = files.table(PAIRS, PAIR)
OBJECTS = np.array([{}, {}], object)
RAGGED = files.table(PAIRS, ("1", "1", "Qui ?"))
UNPICKLED = pickle.dumps(Reads())
NOUN = files.NOUNS.encode()
SHARES = {"train": -0.2, "valid": 0.6, "test": 0.6}

READERS: list[Bad | Unusual] = [
    # ---- Text -----------------------------------------------------------------------------------
    Bad("UTF-16", "lines", FR.encode("utf-16"), "line 1: expected text, got byte 0x00 at byte 4"),
    Bad("Latin-1", "lines", FR.encode("latin-1"), "line 1: expected UTF-8, got byte 0xf9"),
    Bad("a NUL byte", "lines", b"a\nb\0\n", "line 2: expected text, got byte 0x00 at byte 2"),
    Bad("an empty file", "lines", b"", "expected lines of text, got an empty file"),
    Bad("a line of 16 MB", "lines", b"a\n" + b"x" * (17 << 20), "line 2: expected lines of text"),
    Bad("a cut .gz", "lines", half(gzip.compress(FR.encode() * 9)), "truncated or locked"),
    Bad("an encrypted zip", "lines", encrypted(files.zipped({"a": b"b"})), "truncated or locked"),
    Bad("a zip of two texts", "lines", files.zipped(PNGS), "name one of them as the member"),
    Bad(
        "a zip with damaged LZMA",
        "lines",
        swap(b"\x5d\0\0", b"\xff\xff\xff")(files.zipped({"a": b"b" * 99}, zipfile.ZIP_LZMA)),
        "truncated or locked",
    ),
    Unusual("a byte order mark", "lines", b"\xef\xbb\xbfa\n", ["a"]),
    Unusual("Windows line ends", "lines", b"a\r\nb\r\n", ["a", "b"]),
    Unusual("no end of the last line", "lines", b"a\nb", ["a", "b"]),
    Unusual("a .gz without its ending", "lines", gzip.compress(b"a\n"), ["a"]),
    Unusual("a line of 1 MB", "lines", b"x" * (1 << 20), ["x" * (1 << 20)]),
    Bad("a ragged table", "columns", b"a\tb\nc\n", "line 2: expected tab-separated fields (2"),
    Bad("texts of two lengths", "aligned lines", b"a\n", "got 1 lines in"),
    Bad("a table of other columns", "pairs", b"fr\ten\n", "expected the columns item, group"),
    Bad("a table in Latin-1", "pairs", FR.encode("latin-1"), "no table can be read ('utf-8' codec"),
    Bad("a short row", "pairs", RAGGED, "line 2: expected 6 columns, got 3"),
    Unusual(
        "a table saved on Windows",
        "pairs",
        b"\xef\xbb\xbf" + HEADED.replace(b"\n", b"\r\n"),
        [PAIR],
    ),
    Bad("an unknown escape", "tokens", swap(b"who ?", b"who\\q ?"), "line 2: unknown escape"),
    Bad("a short row", "tokens", files.table(TOKENIZED, PAIR), "line 2: expected 8 columns, got 6"),
    Bad("a gap in the ids", "vocabulary", swap(b"5\ta", b"6\ta"), "line 7: expected id 5"),
    Bad("a word twice", "vocabulary", swap(b"a\\sb", b"dog"), "expected every word once"),
    Bad("a row without id", "vocabulary", swap(b"5\ta", b"\ta"), "line 7: expected a number, a"),
    Bad("other special words", "vocabulary", swap(b"_eos_", b"</s>"), "expected the special tok"),
    Bad("a cut file", "ids", half, "no arrays can be read"),
    Bad("pickled objects", "ids", npz(ids=OBJECTS), "no arrays can be read (Object arrays cannot"),
    Bad("numbers of another type", "ids", npz(ids=np.zeros(2)), "ids: expected one row of int32"),
    Bad("falling offsets", "ids", npz(offsets=np.array([2, 0])), "expected offsets that rise"),
    Bad("an encrypted .npz", "ids", encrypted(npz()), "no arrays can be read"),
    Bad("names in Latin-1", "ids", npz(names=np.array([233], np.uint8)), "versions in UTF-8"),
    Bad("no database", "verses", b"verses", "expected an SQLite database of Bible verses"),
    Bad(
        "a table that never ends", "verses", files.endless_verses(), "unreadable file (interrupted"
    ),
    Bad("a cut database", "verses", half, "expected an SQLite database of Bible verses"),
    Bad("an empty model", "pieces", b"", "expected a SentencePiece model, got one without pieces"),
    Bad("other bytes", "pieces", b"\xff" * 99, "expected a SentencePiece model, got none"),
    Bad("other columns", "report", b"a\tb\n", "expected the columns reason, count"),
    # ---- Word vectors ---------------------------------------------------------------------------
    Bad("an empty file", "fastText", b"", "no fastText model can be read"),
    Bad("a .vec named .bin", "fastText", b"2 3\ndog 1 2 3\n" * 9, "begins with the number 7937"),
    Bad("a model cut in its head", "fastText", cut(50), "begins with the number 793712314"),
    Bad("a model cut in its dictionary", "fastText", cut(100), "ends inside its dictionary"),
    Bad("a model cut before its matrix", "fastText", cut(122), "ends inside the size of its"),
    Bad("a model cut in its matrix", "fastText", cut(-9), "ends inside its matrix of 5 x 3"),
    Bad("version 10", "fastText", numbered(4, "<i", 10), "fastText format version 10, expected"),
    Bad("a later version", "fastText", numbered(4, "<i", 13), "fastText format version 13"),
    Bad("a quantised model (.ftz)", "fastText", numbered(84, "<q", 2), "a quantised fastText"),
    Bad("no dimension", "fastText", numbered(8, "<i", 0), "impossible settings (0 dimensions"),
    Bad("buckets below 0", "fastText", numbered(40, "<i", -1), "impossible settings"),
    Bad("endless subwords", "fastText", numbered(48, "<i", 1 << 30), "subwords of 1073741824"),
    Bad("a NaN in the matrix", "fastText", numbered(-60, "<f", NAN), "expected finite numbers"),
    Unusual("version 11", "fastText", numbered(4, "<i", 11), numbers_of("fastText")),
    Unusual(
        "a classifier of version 11, which had no subwords",
        "fastText",
        lambda content: numbered(4, "<i", 11)(numbered(36, "<i", 3)(content)),
        [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]],
    ),
    Bad("a head that promises more", "vec", swap(b"2 3", b"3 3"), "the end of the file after 2"),
    Bad("a head of other sizes", "vec", swap(b"2 3", b"2 4"), "line 2: expected a word and 4 num"),
    Bad(
        "a head of a huge size", "vec", swap(b"2 3", b"2 99999999999999999999"), "line 1: expected"
    ),
    Bad("a NaN", "vec", swap(b"dog 1", b"dog nan"), "line 2: expected finite numbers, got NaN"),
    Bad("too large a number", "vec", swap(b"dog 1", b"dog 1e39"), "line 2: expected finite numb"),
    Bad("a word for a number", "vec", swap(b"dog 1", b"dog one"), "line 2: expected 3 numbers"),
    Bad("a ragged line", "vec", swap(b"4 5 6", b"4 5"), "line 3: expected a word and 3 numbers"),
    Bad("UTF-16", "vec", "2 3\ndog 1 2 3\n".encode("utf-16"), "line 1: expected text in UTF-8"),
    Bad("a .bin named .vec", "vec", bin_model(), "line 1: expected text in UTF-8"),
    Bad("an empty file", "vec", b"", "line 1: expected a word and its numbers"),
    Bad("a cut .gz", "vec", lambda c: half(gzip.compress(c * 99)), "no word vectors can be read"),
    Unusual("no head, as in GloVe", "vec", b"dog 1 2\ncat 3 4\n", [[1, 2], [3, 4]]),
    Unusual("a byte order mark", "vec", b"\xef\xbb\xbf1 2\ndog 1 2\n", [[1, 2]]),
    Unusual("Windows line ends", "vec", b"1 2\r\ndog 1 2\r\n", [[1, 2]]),
    Unusual("a head that promises less", "vec", b"1 2\ndog 1 2\ncat 3 4\n", [[1, 2], [3, 4]]),
    Unusual("a .gz without its ending", "vec", gzip.compress(b"1 2\ndog 1 2\n"), [[1, 2]]),
    Bad("a pickle named .npy", "npy", UNPICKLED, "no .npy matrix can be read"),
    Bad("pickled objects", "npy", files.npy(OBJECTS), "no .npy matrix can be read"),
    Bad("an .npz named .npy", "npy", npz(), "no .npy matrix can be read (the magic string"),
    Bad("whole numbers", "npy", files.npy([[1, 2]]), "expected a matrix (words, dim) of floating"),
    Bad("a cut file", "npy", half, "no .npy matrix can be read"),
    Bad("a head that is no Python", "npy", swap(b"'shape'", b"'shape("), "no .npy matrix can be r"),
    Bad("a row too many", "npy", files.npy(np.ones((3, 2))), "expected 3 words, as"),
    Bad("an infinity", "npy", files.npy([[np.inf], [1.0]]), "row 0: expected finite numbers"),
    Bad("words in Latin-1", "words of npy", b"\xe9t\xe9\n", "no list of words can be read"),
    Bad("a cut Parquet table", "words of npy", half, "no Parquet table can be read"),
    Bad("text for numbers of rows", "spaCy", b"dog cat", "expected spaCy's vocab/key2row"),
    Bad(
        "a row of 64 bits", "spaCy", b"\x81\x01\xcf" + b"\xff" * 8, "expected spaCy's vocab/key2row"
    ),
    Bad("a key below 0", "spaCy", b"\x81\xff\x00", "expected spaCy's vocab/key2row"),
    Bad("rows beyond the table", "spaCy", files.key_rows(("a", "b", "c")), "names row 2, but"),
    Bad("broken JSON", "spaCy strings", b'["dog"', "expected spaCy's vocab/strings.json"),
    Bad("strings of another pipeline", "spaCy strings", b'["x"]', "names only 0 of the 2 keys"),
    Bad("another dimension", "matrix", files.npy(np.ones((2, 4), "f4")), "expected 3 dim, got 4"),
    Bad("a NaN", "matrix", files.npy(np.full((2, 3), NAN, "f4")), "NaN or infinity in row 0"),
    # ---- Archives -------------------------------------------------------------------------------
    Bad("no archive", "archive", b"text\n" * 200, "no zip, tar, deb or compressed file"),
    Bad("a cut zip", "archive", half, "archive cut short or damaged"),
    Bad("a zip with a nameless member", "archive", swap(b"\x09\0\0\0\0\0\0\0", b"\0" * 8), "damag"),
    Bad("a link", "archive", files.tarred({"a/dog.png": "/etc/passwd"}), "a link to /etc/passwd"),
    Bad("a zip slip", "package", files.zipped({"../a.png": b"x"}), "'../a.png' climbs out of the"),
    Bad("a tar slip", "package", files.tarred({"a/../../b": b"x"}), "climbs out of the archive"),
    Bad("an absolute path", "package", files.tarred({"/etc/x": b"x"}), "climbs out of the archive"),
    Bad("a drive of Windows", "package", files.zipped({"C:x": b"x"}), "climbs out of the archive"),
    Bad("a package cut short", "package", cut(-400), "the Debian package is cut short"),
    Bad(
        "a package whose member leads back to itself",
        "package",
        b"!<arch>\n" + files.ar_member("debian-binary", b"2.0\n", "-60"),
        "cut short or holds no data",
    ),
    Unusual("a link beside a file", "package", files.tarred({"a": "/etc", "b": b"x"}), ["b"]),
    # ---- Nouns ----------------------------------------------------------------------------------
    Bad("hypernyms in a circle", "WordNet", swap(b"0 000 |", b"0 001 @ 00000002 n 0000 |"), "circ"),
    Bad("a hypernym that is not there", "WordNet", swap(b"@ 00000001", b"@ 00000009"), "n00000009"),
    Bad("a synset twice", "WordNet", NOUN + NOUN, "n00000001 comes twice"),
    Bad("another file of WordNet", "WordNet", b"dog n 1 1 @ 1 0 00000002\n", "line 1: expected a"),
    Bad("an empty file", "WordNet", b"", "expected noun synsets, got none"),
    Bad("another file of WordNet", "senses", NOUN, "line 2: expected a word and its senses"),
    Bad("a list for another WordNet", "classes", b"n00000009\n", "which is no noun in data.noun"),
    Bad("a class twice", "classes", b"n00000002\nn00000002\n", "expected each synset once"),
    Bad("a gap in the JSON", "classes", b'{"1": ["n00000002", "dog"]}', "numbers from 0 without a"),
    Bad("endless JSON", "classes", b'{"0":' * 100_000, "no JSON"),
    Unusual("one class", "classes", b"n00000002\n", [None, 0, None]),
    Bad("a ragged row", "nouns", swap(b"\t3\t", b"\t"), "line 2: expected 5 columns"),
    Bad("a class that is no number", "noun vectors", swap(b"\t0", b"\tx"), "the last a number or"),
    Bad("a row without vector", "noun vectors", lambda c: c + b"n4\tx\tx\t\n", "expected 3 words"),
    # ---- Pictures -------------------------------------------------------------------------------
    Bad("an empty file", "picture", b"", "the file is empty"),
    Bad("a text", "picture", b"no picture at all", "no picture of a known format (it begins with"),
    Bad("a cut JPEG", "picture", half, "damaged"),
    Bad("a drawing in PostScript", "picture", b"%!PS-Adobe-3.0 EPSF-3.0\n", "no picture of a kno"),
    Bad("a bomb of pixels", "picture", large_png(files.picture()), "400"),
    Bad("heights for colours", "picture", files.picture("TIFF", mode="F"), "numbers without a kno"),
    Unusual("one pixel", "picture", files.picture(size=(1, 1)), (1, 1)),
    Bad(
        "no picture in it", "pictures in a tar", files.tarred({"a.txt": b"x"}), "expected pictures"
    ),
    Bad("a cut tar", "pictures in a tar", cut(700), "archive cut short or damaged"),
    Bad("a tar slip", "pictures in a tar", files.tarred({"../a.png": b"x"}), "climbs out of the"),
    Bad("no column synset", "pictures in a table", b"path\tnoun\n", "expected the columns path"),
    Bad("a short row", "pictures in a table", b"path\tsynset\na\n", "line 2: expected 2 columns"),
    Bad("a picture twice", "pictures in a table", lambda c: c + c[12:], "stands in it twice"),
    Bad("a NUL in a name", "pictures in a table", b"path\tsynset\na\0\t\n", "none of its pictures"),
    Bad("no synset", "pictures in a table", swap(b"n0000", b"x0000"), "expected a synset such as"),
    Unusual("a byte order mark", "pictures in a table", lambda c: b"\xef\xbb\xbf" + c, ["dog.png"]),
    Bad("other columns", "listed pictures", b"set\n", "expected the columns set, picture"),
    Bad(
        "a row too few", "features", files.npy(np.ones((1, 3), "f4")), "expected 2 rows of numbers"
    ),
    Bad("pickled objects", "features", files.npy(OBJECTS), "no features can be read"),
    Bad(
        "a row too few", "predictions", files.npy(np.ones((1, 3), "f4")), "expected 2 rows of float"
    ),
    Bad("a cut file", "predictions", half, "no predictions can be read"),
    # ---- Models ---------------------------------------------------------------------------------
    Bad("a pickle that acts", "weights", UNPICKLED, "no weights can be read"),
    Bad("a cut file", "weights", half, "no weights can be read"),
    Bad("an empty file", "weights", b"", "no weights can be read"),
    Bad("a cut file", "safetensors", half, "no weights can be read"),
    Bad("a cut file", "method", half, "expected the numbers of a fitted method"),
    Bad("a cut file", "state", half, "expected the state of this training"),
    Bad("the state of another model", "state", files.weights(), "expected the state of this train"),
    Bad(
        "damaged random states", "state", swap(b'"python": [3', b'"python": [4'), "expected the st"
    ),
    Bad("a list", "record", b"[]", "as a JSON object, got list"),
    Bad("broken JSON", "record", b'{"bleu', "in JSON, got none"),
    Bad("a score in words", "translations", swap(b"-1.5", b"none"), "line 2: expected a log-prob"),
    Bad("no attention at all", "attention", npz(), "no arrays can be read"),
    Bad("a short row", "translations", swap(b"\t-1.5", b""), "expected the columns source"),
]

VALUES: list[Value] = [
    Value(
        "shares over 1",
        lambda: grouped_split(["a"], ["b"], ["c"], SHARES, 1),
        "expected none below 0 and some of the pairs to train on",
    ),
    Value(
        "a corpus of one pair",
        lambda: grouped_split(["a"], ["b"], ["c"], {"train": 0.8, "valid": 0.2}, 1),
        "split: expected pairs for the part 'valid', got none",
    ),
    Value("one pair in the lesson's split", lambda: lesson_split(1), gives=["train"]),
    Value("an impossible percentile", lambda: length_limit([3], 101), "expected a number from 0"),
    Value("a train part without texts", lambda: length_limit([], 90), "the train part is empty"),
    Value(
        "a vocabulary of no word",
        lambda: build_vocabulary([["a"]], size=0).ids(["a"]),
        gives=[3],
    ),
    Value(
        "a batch larger than the corpus",
        lambda: [batch.tolist() for batch in sortish_batches([3, 7], 100, 1, 0)],
        gives=[[1, 0]],
    ),
    Value(
        "a name of another WordNet",
        lambda: label_nouns([DOG], [Listed("n1", "wolf")]),
        "the class list calls n1 'wolf', expected one of dog",
    ),
    Value(
        "a share of all pictures",
        lambda: Settings.parse({"seed": 1, "unseen": 0.2, "valid": 1.0}),
        "pictures split: expected valid from 0 to below 1, got 1.0",
    ),
    Value(
        "a descent of forcing that never starts",
        lambda: settings_from({"forcing": {"hold": 4, "epochs": 3}}),
        "forcing: expected hold to be smaller than epochs (3)",
    ),
    Value("a member that climbs", resource(local="a.zip", member="../x"), "climbs out of the arch"),
    Value("an address of no kind", resource(url="ftp://a/b"), "expected an address with http"),
    Value("a short digest", lambda: parse_resource("m", {"sha256": "ab"}), "resource m"),
    Value("two kinds of place", resource(local="a", url="http://a/b"), "expected exactly one of"),
    Value("a package without version", resource(registry="pypi", package="a"), "an exact version"),
]

SETTINGS: list[Setting] = [
    Setting("a misspelt key", "decoding.bean", 3, "decoding.bean: unknown key, expected one of"),
    Setting("a key of another block", "beam", 3, "beam: unknown key, expected one of"),
    Setting("a word for a number", "decoding.beam", "four", "decoding.beam: expected an integer"),
    Setting("a number for a list", "run.seeds", 3, "run.seeds: expected a list"),
    Setting("a size below 0", "variants.all.model.hidden", -1, "model.hidden: expected an integer"),
    Setting("no epochs", "variants.all.training.epochs", 0, "training.epochs: expected an integer"),
    Setting("an empty batch", "variants.all.training.batch_size", 0, "batch_size: expected an int"),
    Setting("a rate of NaN", "variants.all.training.learning_rate", NAN, "got NaN"),
    Setting("a rate without end", "variants.all.training.learning_rate", 1e999, "got Infinity"),
    Setting("a share of NaN", "split.valid", NAN, "split.valid: expected a number"),
    Setting("a share of everything", "split.valid", 1, "split.valid: expected a number"),
    Setting("a percentile over 100", "lengths.fr_percentile", 101, "lengths.fr_percentile: expect"),
    Setting("a vocabulary of zero", "vocabulary.size", 0, "vocabulary.size: expected an integer"),
    Setting("an unknown variant", "run.variants", ["al"], "run.variants[0]: expected one of all"),
    Setting("no variants", "run.variants", [], "run.variants: expected a list with a length of"),
    Setting("no seeds", "run.seeds", [], "run.seeds: expected a list with a length of at least 1"),
    Setting("a seed twice", "run.seeds", [1, 1], "run.seeds: expected [1, 1] has non-unique"),
    Setting("an unknown corpus", "corpus", "bibel", "corpus: expected one of bible (did you mean"),
    Setting(
        "an unknown kind", "corpora.bible.kind", "verse", "corpora.bible.kind: expected one of"
    ),
    Setting("a broken pattern", "questions.en_pattern", "Wh(at", "that is a valid regex"),
    Setting("a name with a slash", "variants.a/b", {}, "a/b"),
    Setting("an unknown fall-back", "embeddings.fallbacks", ["cases"], "embeddings.fallbacks[0]"),
    Setting("no folder of results", "pathvars.results", "", "pathvars.results: expected text"),
]

# In a finished run with the translators plain (seeds 2 and 10), turned (3) and tagged (8).
TRANSLATE = ("translate", "Qui vient ?")
COMMANDS: list[Command] = [
    Command("no model", TRANSLATE, "expected trained translators, got a file", 1, None, {"": b""}),
    Command(
        "settings of nothing", TRANSLATE, "got none with decoding", 1, None, {"usage.json": b"{}"}
    ),
    Command("no settings but text", TRANSLATE, "in JSON, got none", 1, None, {"usage.json": b"no"}),
    Command(
        "rules of another version",
        TRANSLATE,
        "expected rules and decoding as this version has them",
        harmed={"usage.json": swap(b'"capitals"', b'"capital"')},
    ),
    Command("a cut model", TRANSLATE, "not the weights", 1, None, {"@/model.safetensors": half}),
    Command(
        "weights of another model",
        TRANSLATE,
        "not the weights",
        harmed={"@/model.safetensors": files.weights()},
    ),
    Command(
        "a model of size -1",
        TRANSLATE,
        "not the weights",
        harmed={"@/settings.json": swap(b'"source": [\n  ', b'"source": [\n  -')},
    ),
    Command(
        "a list for a model",
        TRANSLATE,
        "as a JSON object, got list",
        harmed={"@/settings.json": b"[]"},
    ),
    Command(
        "a model without direction",
        TRANSLATE,
        "expected target_versions and a direction of fr-en, en-fr",
        harmed={"@/settings.json": swap(b'"direction"', b'"towards"')},
    ),
    Command(
        "a score without figures",
        TRANSLATE,
        "expected a number bleu_single, got None",
        harmed={"scores/plain/10.json": b"{}"},
    ),
    Command(
        "bytes of no text", ("translate",), "stdin: expected UTF-8 text", 1, b"\xff\xd8\xff\xe0\0\n"
    ),
    Command("bytes of no text as words", ("translate", "caf\udce9 ?"), "expected UTF-8 text, got"),
    Command("a book as a question", ("translate", "a " * 6000), "expected a text of at most 10000"),
    Command("a seed in words", (*TRANSLATE, "--seed", "two"), "Invalid value for '--seed'", 2),
    Command("an unknown option", (*TRANSLATE, "--bean", "2"), "No such option: --bean", 2),
    Command("no words", ("search", ""), "query '': expected a word, got none"),
    Command("a sign alone", ("search", "+"), "query '+': expected a word behind the last sign"),
    Command("a sign at the end", ("search", "boat", "+"), "expected a word behind the last sign"),
    Command("two signs", ("search", "boat + - sail"), "expected a word between '-' and the sign"),
    Command("bytes of no text to search", ("search", "\udce9"), "expected UTF-8 text, got other"),
    Command("no answers wanted", ("search", "boat", "--top", "0"), "Invalid value for '--top'", 2),
    Command("answers below 0", ("search", "boat", "--top", "-1"), "Invalid value for '--top'", 2),
    Command(
        "a folder for a picture", ("search", "--image", "/"), "expected a picture file, or SET"
    ),
    Command(
        "a folder for a sheet", ("search", "boat", "--sheet", "/"), "expected a place for a PNG"
    ),
    Command(
        "folders of indexes mixed up",
        ("search", "boat"),
        "expected the index of pictures, got that of nouns",
        harmed={"search/pictures": "search/nouns"},
    ),
    Command(
        "a cut description",
        ("search", "boat"),
        "expected a description of an index in JSON",
        harmed={"search/pictures/index.json": half},
    ),
    Command(
        "a description of nothing",
        ("search", "boat"),
        "got none with dim",
        harmed={"search/pictures/index.json": b'{"format": 1}'},
    ),
    Command(
        "labels of another index",
        ("search", "boat"),
        "labels.tsv: expected",
        harmed={"search/pictures/labels.tsv": half},
    ),
    Command(
        "a list of words cut short",
        ("search", "boat"),
        "build the table again",
        harmed={"search/words/en/words.txt": half},
    ),
    Command(
        "pickled vectors",
        ("search", "boat"),
        "expected a table of words to search with",
        harmed={"search/words/en/vectors.npy": UNPICKLED},
    ),
]

PAIRS_TARGET, SPLIT_TARGET = "questions/pairs.tsv", "split/pairs.tsv"
CONFIG, FRENCH = "tests/mini/config.yaml", "tests/mini/questions.fr.txt"
RUNS: list[Run] = [
    Run(
        "a variant twice",
        {CONFIG: ("corpus: mini\n", "corpus: mini\ncorpus: mini\n")},
        PAIRS_TARGET,
        "corpus: expected once, got it in lines",
    ),
    Run(
        "a tab in YAML",
        {CONFIG: ("device: cpu", "device:\tcpu\n\tx: 1")},
        PAIRS_TARGET,
        "not valid JSON or YAML",
    ),
    Run(
        "a French text in Latin-1",
        {FRENCH: FR.encode("latin-1") * 40},
        PAIRS_TARGET,
        "line 1: expected UTF-8, got byte 0xf9 at byte 2",
    ),
    Run(
        "shares over 1",
        {CONFIG: ("device: cpu", "device: cpu\nsplit: {valid: 0.6, test: 0.6}")},
        SPLIT_TARGET,
        "split.valid and split.test: expected below 1 together",
        True,
    ),
    Run(
        "a corpus of one pair",
        {FRENCH: FR.encode(), FRENCH.replace(".fr.", ".en."): b"Where is he?\n"},
        SPLIT_TARGET,
        "error: split: expected pairs for the part",
        True,
    ),
    Run(
        "no question in the corpus",
        {FRENCH: b"Oui.\n", FRENCH.replace(".fr.", ".en."): b"Yes.\n"},
        PAIRS_TARGET,
        "error: expected sentence pairs that match the patterns",
        True,
    ),
]

ARCHIVES, FASTTEXT, CLI = (
    "tests/sources/test_archives.py",
    "tests/vectors/test_fasttext_bin.py",
    "tests/test_cli.py",
)
ELSEWHERE: list[Held] = [
    Held("bombs in four formats", f"{ARCHIVES}::test_a_bomb_is_refused"),
    Held(
        "links, devices and folders in a tar",
        f"{ARCHIVES}::test_only_plain_files_come_out_of_a_tar",
    ),
    Held("links and folders in a zip", f"{ARCHIVES}::test_only_plain_files_come_out_of_a_zip"),
    Held("an encrypted member", f"{ARCHIVES}::test_an_encrypted_member_is_named"),
    Held(
        "archives of ten formats cut at three places",
        f"{ARCHIVES}::test_a_truncated_archive_is_told",
    ),
    Held(
        "a changed bit anywhere in ten formats",
        f"{ARCHIVES}::test_harm_anywhere_is_told_or_harmless",
    ),
    Held("a real .ftz", f"{FASTTEXT}::test_a_quantised_model_is_refused"),
    Held("labels among the words", f"{FASTTEXT}::test_labels_are_no_words"),
    Held("the folder of another experiment", f"{CLI}::test_an_error_is_one_line"),
    Held(
        "a model for another vocabulary", f"{CLI}::test_a_model_for_another_vocabulary_is_refused"
    ),
    Held("stdin in Latin-1", f"{CLI}::test_text_in_another_encoding_is_refused"),
    Held(
        "one epoch",
        "tests/translation/test_job.py::test_tags_are_words_of_their_own_behind_the_vocabulary",
    ),
    Held("stdin without lines", f"{CLI}::test_without_lines_nothing_is_printed"),
    Held("an unknown word", "tests/test_searching.py::test_an_error_is_one_line"),
    Held(
        "a picture that is none",
        "tests/test_searching.py::test_other_weights_and_what_is_no_picture_are_refused",
    ),
    Held(
        "words and index of two runs",
        "tests/test_searching.py::test_words_and_index_of_two_runs_are_refused",
    ),
    Held(
        "typos at every depth of the config",
        "tests/test_configuration.py::test_a_problem_is_one_line_with_what_expected_got_and_remedy",
    ),
    Held(
        "a file that is not there, and texts of two lengths",
        "tests/test_workflow.py::test_an_error_is_one_line_among_the_last_ones",
    ),
]
