"""Every reader of files as a door: the valid file that may be damaged, and how it is read."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import nn

from tests.inputs import files
from tests.manifest_toys import TABLE
from wordbridge.arrays import load_matrix
from wordbridge.corpus.bible import read_verses
from wordbridge.corpus.ids import read_ids
from wordbridge.corpus.pairs import PAIR_COLUMNS as PAIRS
from wordbridge.corpus.pairs import TOKENIZED_COLUMNS as TOKENIZED
from wordbridge.corpus.pairs import read_tokenized
from wordbridge.corpus.questions import aligned_lines, extract_corpus, read_lines, tabbed_lines
from wordbridge.corpus.subwords import read_sentencepiece, segment_texts
from wordbridge.corpus.vocabulary import read_vocabulary
from wordbridge.devise.predictions import read_predictions
from wordbridge.files import read_records
from wordbridge.images import table as image_table
from wordbridge.images.backbones import read_weights
from wordbridge.images.decoding import open_image
from wordbridge.images.feature_store import HEADER as ROWS_HEADER
from wordbridge.images.feature_store import FeatureStore
from wordbridge.images.labels import read_label_table
from wordbridge.images.listing import list_images
from wordbridge.images.packages import members
from wordbridge.manifest import job_name, read_record
from wordbridge.nouns.hierarchy import Hierarchy
from wordbridge.nouns.matrix import HEADER as NOUN_ROWS
from wordbridge.nouns.matrix import read_noun_vectors
from wordbridge.nouns.table import HEADER as NOUNS
from wordbridge.nouns.table import Noun, read_nouns
from wordbridge.nouns.wordnet import label_nouns, read_classes, read_senses, read_wordnet
from wordbridge.report.corpus import rejections_table
from wordbridge.sources.archives import extract_member
from wordbridge.tensors import read_model
from wordbridge.text import Text
from wordbridge.training.checkpoint import Checkpointer
from wordbridge.translation.translations import (
    COLUMNS,
    Translation,
    read_attention,
    read_translations,
    write_attention,
)
from wordbridge.vectors.fasttext import FastTextBin
from wordbridge.vectors.protocol import WordVectors
from wordbridge.vectors.readers import NpyVectors, SpacyVectors, TextVectors

Make = Callable[[Path], bytes]


@dataclass(frozen=True)
class Door:
    """A reader, asked for the file ``name``; ``siblings`` are the files that it reads with it."""

    name: str
    valid: Make
    read: Callable[[Path], Any]
    siblings: Mapping[str, Make] = field(default_factory=dict)

    def set_up(self, folder: Path, content: bytes | None = None) -> Path:
        """Write all files into ``folder``, the first with ``content``, and return its path."""
        for name, make in self.siblings.items():
            (folder / name).write_bytes(make(folder / name))
        path = folder / self.name
        path.write_bytes(self.valid(path) if content is None else content)
        return path


def looked_up(vectors: WordVectors) -> list[list[float]]:
    """Return the vectors of dog and cat, those that there are."""
    return vectors.lookup(["dog", "cat"])[0].tolist()


def fixed(content: bytes) -> Make:
    return lambda path: content


@cache
def bin_model() -> bytes:
    return files.fasttext_model(
        [b"dog", b"cat"], np.arange(15).reshape(5, 3), buckets=3, lengths=(2, 3)
    )


class NoOptimiser:
    """One that keeps nothing: torch's own take seconds to import."""

    def state_dict(self) -> dict[str, Any]:
        return {"state": {}, "param_groups": []}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        assert state["state"] == {}


def state_parts() -> tuple[nn.Module, Any]:
    torch.manual_seed(3)
    return nn.Linear(3, 2), NoOptimiser()


def state_bytes(path: Path) -> bytes:
    values = {"epoch": 3, "batch": 0, "step": 9}
    Checkpointer(path, *state_parts(), 9).save(values, {"weight": torch.ones(2)})
    return path.read_bytes()


def attention_bytes(path: Path) -> bytes:
    weights = np.ones((2, 3), np.float32)
    write_attention(path, [Translation("a", "b", "c", ["a"], ["c"], -1.0, weights)])
    return path.read_bytes()


def extracted(path: Path) -> list[Any]:
    questions = {"fr_pattern": None, "en_pattern": None, "max_characters": None}
    return list(extract_corpus({"kind": "pairs"}, {"pairs": str(path)}, questions, Counter()))


def member_bytes(path: Path) -> bytes:
    out = path.with_name("out")
    try:
        extract_member(path, "a/dog.png", out)
        return out.read_bytes()
    finally:
        out.unlink(missing_ok=True)


def classes(path: Path) -> list[int | None]:
    nouns = label_nouns(read_wordnet(path.with_name("data.noun")), read_classes(path))
    return [noun.class_index for noun in nouns]


def listed(kind: str, files: dict[str, Path]) -> list[str]:
    [path] = files.values()
    settings = {"kind": kind, "image_kind": "photo", "split": None, "labels": "synsets"}
    if kind == "table":
        settings["folder"] = str(path.parent)
    dog = Noun("n00000002", ("dog",), (), None, "")
    archive = path.with_name("listed.zip")
    try:
        paths = {key: str(path) for key in files}
        return [image.image for image in list_images("s", settings, paths, [dog], archive)[0]]
    finally:
        archive.unlink(missing_ok=True)


def features(path: Path) -> list[list[float]]:
    store = FeatureStore([path])
    return store.features(np.arange(len(store))).tolist()


def own_state(path: Path) -> dict[str, Any]:
    with torch.random.fork_rng():
        return Checkpointer(path, *state_parts(), 9).load()[1]


PNGS = {"a/dog.png": files.image(), "b.png": files.image(size=(2, 2))}
ROWS = files.npy(np.arange(6, dtype=np.float32).reshape(2, 3))
TWO_NOUNS = files.table(NOUN_ROWS, ("n00000002", "dog", "first exact", "0"), ("n3", "cat", "x", ""))

DOORS: dict[str, Door] = {
    # Text
    "lines": Door("text.txt", fixed("Où ?\nQui ?\n".encode()), lambda p: list(read_lines(p))),
    "aligned lines": Door(
        "fr.txt",
        fixed(b"a\nb\n"),
        lambda p: list(aligned_lines(Text(p), Text(p.with_name("en.txt")))),
        {"en.txt": fixed(b"c\nd\n")},
    ),
    "columns": Door("table.tsv", fixed(b"a\tb\n"), lambda p: list(tabbed_lines(p, 1, 2))),
    "pairs": Door(
        "pairs.tsv", fixed(files.table(PAIRS, ("1", "1", "Qui ?", "Who?", "", ""))), extracted
    ),
    "tokens": Door(
        "tokens.tsv",
        fixed(files.table(TOKENIZED, ("1", "1", "Qui ?", "Who?", "", "", "qui ?", "who ?"))),
        read_tokenized,
    ),
    "vocabulary": Door("en.tsv", files.vocabulary, lambda p: read_vocabulary(p).words[4:]),
    "ids": Door("ids.npz", files.numbered, lambda p: [t.tolist() for t in _texts(p)]),
    "verses": Door(
        "bible.db",
        lambda p: files.verses(p, [("k", 1, 1, 1, "Who?"), ("l", 1, 1, 1, "Qui ?")]),
        lambda p: read_verses(p, ["k", "l"]),
    ),
    "pieces": Door(
        "fr.model",
        lambda p: files.pieces(),
        lambda p: segment_texts(["la gare"], read_sentencepiece(p)),
    ),
    "report": Door(
        "x.report.tsv",
        fixed(b"reason\tcount\nkept\t3\n"),
        lambda p: len(rejections_table([p]).frame),
    ),
    # Word vectors
    "fastText": Door("model.bin", lambda p: bin_model(), lambda p: looked_up(FastTextBin(p))),
    "vec": Door(
        "words.vec", fixed(b"2 3\ndog 1 2 3\ncat 4 5 6\n"), lambda p: looked_up(TextVectors(p))
    ),
    "npy": Door(
        "glove.npy",
        fixed(ROWS),
        lambda p: looked_up(NpyVectors(p, p.with_name("words.txt"))),
        {"words.txt": fixed(b"dog\ncat\n")},
    ),
    "words of npy": Door(
        "words.parquet",
        lambda p: files.word_column("dog", "cat"),
        lambda p: looked_up(NpyVectors(p.with_name("glove.npy"), p)),
        {"glove.npy": fixed(ROWS)},
    ),
    "spaCy": Door(
        "key2row",
        lambda p: files.key_rows(),
        lambda p: looked_up(SpacyVectors(p.with_name("vectors"), p)),
        {"vectors": fixed(ROWS)},
    ),
    "matrix": Door("fr.npy", fixed(ROWS), lambda p: load_matrix(p, words=2).tolist()),
    # Archives
    "archive": Door("a.zip", fixed(files.zipped(PNGS)), member_bytes),
    "package": Door(
        "package.deb",
        fixed(files.deb(files.tarred(PNGS))),
        lambda p: [getattr(data, "reason", name) for name, data in members(p, lambda name: True)],
    ),
    # Nouns
    "WordNet": Door(
        "data.noun",
        fixed(files.NOUNS.encode()),
        lambda p: [
            n.synset for n in read_wordnet(p) if n.synset in Hierarchy(read_wordnet(p)).node_of
        ],
    ),
    "senses": Door("index.noun", fixed(b"dog n 1 1 @ 1 0 00000002  \n"), read_senses),
    "classes": Door(
        "synsets.txt",
        fixed(b"n00000003\nn00000002\n"),
        classes,
        {"data.noun": fixed(files.NOUNS.encode())},
    ),
    "nouns": Door(
        "nouns.tsv", fixed(files.table(NOUNS, ("n1", "dog|pup", "", "3", "it"))), read_nouns
    ),
    "noun vectors": Door(
        "vectors.tsv",
        fixed(TWO_NOUNS),
        lambda p: len(read_noun_vectors(p.with_name("vectors.npy"), p)[0]),
        {"vectors.npy": fixed(ROWS)},
    ),
    # Images
    "image": Door("dog.jpg", fixed(files.image("JPEG")), lambda p: _opened(p).size),
    "images in a tar": Door(
        "photos.tar",
        fixed(files.tarred({"train/n00000002/dog.png": PNGS["b.png"]})),
        lambda p: listed("tar", {"archive": p}),
    ),
    "images in a table": Door(
        "photos.tsv",
        fixed(files.table(("path", "synset"), ("dog.png", "n00000002"))),
        lambda p: listed("table", {"table": p}),
        {"dog.png": fixed(PNGS["b.png"])},
    ),
    "labels": Door(
        "labels.tsv",
        fixed(files.table(("label", "synset"), ("dogs", "n00000002"), ("misc", ""))),
        lambda p: read_label_table(str(p), ["n00000002"]),
    ),
    "listed images": Door(
        "split.tsv",
        fixed(files.table(image_table.HEADER, ("s", "p", "n1", "photo", *[""] * 6))),
        image_table.read_images,
    ),
    "features": Door(
        "0.npy",
        fixed(ROWS),
        features,
        {"0.tsv": fixed(files.table(ROWS_HEADER, ("s", "p", "1"), ("s", "q", "2")))},
    ),
    "predictions": Door(
        "predictions.npy",
        fixed(ROWS),
        lambda p: read_predictions(p, p.with_name("p.json"), [p.with_name("0.tsv")]).space,
        {
            "p.json": fixed(b'{"space": "words"}'),
            "0.tsv": fixed(files.table(ROWS_HEADER, ("s", "p", "1"), ("s", "q", "2"))),
        },
    ),
    # Models
    "weights": Door("b0.pth", lambda p: files.pickled_weights(), lambda p: sorted(read_weights(p))),
    "safetensors": Door(
        "b0.safetensors", lambda p: files.weights(), lambda p: sorted(read_weights(p))
    ),
    "method": Door(
        "model.safetensors",
        lambda p: files.weights(),
        lambda p: read_model(p, p.with_name("settings.json")).settings,
        {"settings.json": fixed(b'{"kind": "ridge"}')},
    ),
    "state": Door("state.safetensors", state_bytes, own_state),
    "record": Door("1.json", fixed(b'{"bleu_single": 1.5}'), lambda p: read_records([p])[0]),
    "manifest": Door(
        "table.json",
        fixed(json.dumps(TABLE, indent=1).encode()),
        lambda p: job_name(read_record(p)),
    ),
    "translations": Door(
        "1.tsv",
        fixed(files.table(COLUMNS, ("où ?", "where?", "where?", "où ?", "where ?", "-1.5"))),
        lambda p: [one.log_probability for one in read_translations(p)],
    ),
    "attention": Door("1.npz", attention_bytes, lambda p: read_attention(p)[0].shape),
}


# Those whose files are no text.
BINARY = (
    *("ids", "verses", "pieces", "attention", "fastText", "npy", "words of npy", "spaCy", "matrix"),
    *("archive", "package", "images in a tar", "image", "features", "predictions"),
    *("weights", "safetensors", "method", "state"),
)


def _texts(path: Path) -> list[Any]:
    texts = read_ids(path)
    assert set(texts.versions) <= {"k", "l", ""} or texts.versions
    return [texts[row] for row in range(len(texts))]


def _opened(path: Path) -> Any:
    return open_image(path.read_bytes())


def numbers_of(door: str) -> Any:
    """Return what the valid file of a door holds."""
    with TemporaryDirectory() as folder:
        return DOORS[door].read(DOORS[door].set_up(Path(folder)))
