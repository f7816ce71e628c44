"""Valid files of every format that is read, small enough to be damaged byte by byte."""

import gzip
import io
import json
import sqlite3
import struct
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import srsly
import torch
from numpy.typing import ArrayLike
from PIL import Image
from pyarrow import parquet
from safetensors.torch import save
from spacy.strings import StringStore

from wordbridge.corpus.ids import pack, write_ids
from wordbridge.corpus.subwords import train_sentencepiece
from wordbridge.corpus.vocabulary import build_vocabulary, write_vocabulary
from wordbridge.vectors.fasttext import FastTextBin
from wordbridge.vectors.protocol import Matrix

# Magic and version of fastText, twelve settings, t, five counts (see fasttext_file.py).
_FASTTEXT = struct.Struct("<ii 12i d iiiqq")
FASTTEXT_VERSION, FASTTEXT_DIM, FASTTEXT_MODEL, FASTTEXT_PRUNED = 4, 8, 36, 84  # byte offsets

NOUNS = """  1 This is a licence
00000001 03 n 01 entity 0 000 | what is
00000002 03 n 02 dog 0 domestic_dog 0 001 @ 00000001 n 0000 | it barks
00000003 03 n 01 cat 0 001 @ 00000001 n 0000 | it does not
"""


def fasttext_model(
    words: Sequence[bytes],
    rows: ArrayLike,
    *,
    buckets: int = 0,
    lengths: tuple[int, int] = (0, 0),
    version: int = 12,
    model: int = 2,
) -> bytes:
    """Return a .bin model of ``words`` with ``rows`` (words + buckets, dim)."""
    matrix = np.asarray(rows, "<f4")
    settings = [matrix.shape[1], 5, 5, 1, 5, 1, 2, model, buckets, *lengths, 100]
    counts = [len(words), len(words), 0, len(words), -1]
    entries = b"".join(word + b"\0" + struct.pack("<qb", 9, 0) for word in words)
    shape = struct.pack("<?qq", False, *matrix.shape)
    head = _FASTTEXT.pack(793712314, version, *settings, 1e-4, *counts)
    return head + entries + shape + matrix.tobytes()


def fasttext_vector(vectors: FastTextBin, word: str) -> Matrix:
    """Return the vector of any word as fastText does, zeros for one without row and subwords."""
    matrix, mask = vectors.lookup([word])
    if not mask[0]:
        matrix, mask = vectors.compose([word])
    return matrix[0] if mask[0] else np.zeros(vectors.dim, np.float32)


def with_number(offset: int, layout: str, value: float, content: bytes) -> bytes:
    """Return ``content`` with another number at ``offset``."""
    packed = struct.pack(layout, value)
    return content[:offset] + packed + content[offset + len(packed) :]


def npy(array: ArrayLike, **options: Any) -> bytes:
    """Return the array as .npy."""
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(array), **options)
    return buffer.getvalue()


def zipped(members: Mapping[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of these files, undated."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, packing)
    return buffer.getvalue()


def tarred(members: Mapping[str, bytes | str], mode: str = "") -> bytes:
    """Return a tar of these files; a member that is text is a link to that name."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{mode}") as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            if isinstance(data, str):
                info.type, info.linkname = tarfile.SYMTYPE, data
                archive.addfile(info)
            else:
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def ar_member(name: str, data: bytes, size: str | None = None) -> bytes:
    """Return one member of the ``ar`` archive that a Debian package is; ``size`` may lie."""
    head = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{size or len(data):<10}`\n".encode()
    return head + data + b"\n" * (len(data) % 2)


def deb(data: bytes) -> bytes:
    """Return a Debian package around a plain tar."""
    return b"!<arch>\n" + ar_member("debian-binary", b"2.0\n") + ar_member("data.tar", data)


def image(form: str = "PNG", size: tuple[int, int] = (9, 7), mode: str = "RGB") -> bytes:
    """Return an encoded image of one colour."""
    buffer = io.BytesIO()
    Image.new(mode, size, 99).save(buffer, form)
    return buffer.getvalue()


def table(header: Sequence[str], *rows: Sequence[str]) -> bytes:
    """Return a table with tabs."""
    return "".join("\t".join(row) + "\n" for row in (header, *rows)).encode()


def weights() -> bytes:
    """Return two tensors as safetensors."""
    return bytes(save({"a.weight": torch.ones(2, 3), "a.bias": torch.zeros(2)}))


def pickled_weights() -> bytes:
    """Return two tensors as ``torch.save`` writes them."""
    buffer = io.BytesIO()
    torch.save({"a.weight": torch.ones(2, 3), "a.bias": torch.zeros(2)}, buffer)
    return buffer.getvalue()


def key_rows(strings: Sequence[str] = ("dog", "cat")) -> bytes:
    """Return spaCy's key2row for these words."""
    store = StringStore(strings)
    packed: bytes = srsly.msgpack_dumps({store[word]: row for row, word in enumerate(strings)})
    return packed


def word_column(*words: str) -> bytes:
    """Return a Parquet table with one column of words."""
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.table({"word": list(words)}), buffer)
    return buffer.getvalue()


def verses(path: Path, rows: Sequence[Sequence[Any]]) -> bytes:
    """Return the bytes of a database of verses, which is created at ``path``."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.execute("create table bible (bbName, bNumber, cNumber, vNumber, vText)")
    connection.executemany("insert into bible values (?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return path.read_bytes()


def numbered(path: Path) -> bytes:
    """Return the bytes of three numbered texts, which are written to ``path``."""
    texts = [[5, 2], [4, 5, 6, 2], [2]]
    write_ids(pack(texts, ["train", "valid", "test"], ["k", "l", "k"]), path)
    return path.read_bytes()


def vocabulary(path: Path) -> bytes:
    """Return the bytes of a vocabulary of three words, which is written to ``path``."""
    write_vocabulary(build_vocabulary([["dog", "a b", "dog", "chat\n"]], 99, 1), path)
    return path.read_bytes()


@cache
def pieces() -> bytes:
    """Return a SentencePiece model."""
    return train_sentencepiece(["où est la gare", "la gare vient"], 30)


def as_json(value: object) -> bytes:
    """Return a value as JSON."""
    return json.dumps(value).encode()


def text_file(folder: Path, content: bytes, form: str) -> Path:
    """Write a text in the form "plain", "gzip" or "zip", and return its path.

    The path has no suffix: the bytes decide on the format.
    """
    path = folder / f"text-{form}"
    if form == "plain":
        path.write_bytes(content)
    elif form == "gzip":
        path.write_bytes(gzip.compress(content))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inner/text.txt", content)
    return path
