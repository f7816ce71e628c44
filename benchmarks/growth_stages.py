"""The stages that ``measure_growth`` measures, and inputs of any size for them.

Libraries are imported in the functions, so that no stage has the memory of the others'.
"""

from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure_bin_reader import spellings

if TYPE_CHECKING:
    from wordbridge.corpus.pairs import TokenizedPair
    from wordbridge.images.table import ImageRow

SEED = 1
WORDS, WIDTH = 8_000, 300  # words of a language, and width of their vectors
NOUNS, DIM = 500, 50  # nouns of images, and width of the vectors of nouns
FEATURES, PIXELS = 2_560, (500, 375)  # width of an image's features, and its size
SEARCHES = 20

Config = dict[str, Any]
Run = Callable[[], object]


class Stage(NamedTuple):
    """``prepare`` writes an input of a size into a folder, and returns what is measured."""

    unit: str
    smallest: int
    prepare: Callable[[Config, int, Path], Run]


def extract_questions(config: Config, size: int, folder: Path) -> Run:
    """Prepare lines of two files, one in 20 a question."""
    from wordbridge.corpus.pairs import write_pairs
    from wordbridge.corpus.questions import extract_corpus

    files = {}
    for language, question in (("fr", "Où {}?"), ("en", "Where {}?")):
        forms = [question, *["{}."] * 19] * (size // 20 + 1)
        lines = [form.format(text) for form, text in zip(forms, texts(size), strict=False)]
        files[language] = str(folder / language)
        Path(files[language]).write_text("\n".join(lines), encoding="utf-8")

    def run() -> None:
        pairs = extract_corpus({"kind": "lines"}, files, config["questions"], Counter())
        write_pairs(folder / "pairs.tsv", pairs)

    return run


def tokenize(config: Config, size: int, folder: Path) -> Run:
    """Prepare a table of pairs."""
    from wordbridge.corpus.pairs import Pair, read_pairs, write_pairs, write_tokenized
    from wordbridge.corpus.tokenizer import tokenize_pairs

    pairs = (Pair(text, text, f"{text} ?", f"{text}?") for text in texts(size))
    write_pairs(folder / "pairs.tsv", pairs)
    rules, limit = config["tokens"]["rules"], config["tokens"]["max_en_tokens"]

    def run() -> None:
        tokenized = tokenize_pairs(read_pairs(folder / "pairs.tsv"), rules, Counter(), limit)
        write_tokenized(folder / "tokens.tsv", tokenized)

    return run


def numericalize(config: Config, size: int, folder: Path) -> Run:
    """Prepare a table of tokenized pairs, for the vocabulary and the ids of a language."""
    from wordbridge.corpus import vocabulary
    from wordbridge.corpus.ids import write_ids
    from wordbridge.corpus.pairs import read_tokenized, token_lists, write_tokenized

    write_tokenized(folder / "pairs.tsv", tokenized_pairs(size, "train"))
    settings, path = config["vocabulary"], folder / "vocabulary.tsv"

    def run() -> None:
        pairs = read_tokenized(folder / "pairs.tsv")
        tokens, splits = token_lists(pairs, "fr", "all"), [pair.split for pair in pairs]
        words = vocabulary.build_vocabulary(tokens, settings["size"], settings["min_count"])
        vocabulary.write_vocabulary(words, path)
        words, percentile = vocabulary.read_vocabulary(path), config["lengths"]["fr_percentile"]
        ids = vocabulary.numericalize(tokens, splits, words, percentile, "train", keep_eos=True)
        write_ids(ids, folder / "ids.npz")

    return run


def train_translator(config: Config, size: int, folder: Path) -> Run:
    """Prepare ids and embeddings, for an epoch of ``attention``; one pair in ten is valid."""
    from wordbridge.arrays import save_matrix
    from wordbridge.corpus.ids import pack, write_ids
    from wordbridge.corpus.special_tokens import EOS, SPECIALS
    from wordbridge.translation.training import train

    splits, files = split_names(size), {}
    ids = [[*(ranks + len(SPECIALS)), EOS] for ranks in word_ranks(size)]
    for language in ("fr", "en"):
        files[f"{language}_ids"] = str(folder / f"{language}.npz")
        files[f"{language}_embedding"] = str(folder / f"{language}.npy")
        write_ids(pack(ids, splits, splits), files[f"{language}_ids"])
        matrix = random_vectors(WORDS + len(SPECIALS), WIDTH)
        save_matrix(matrix, files[f"{language}_embedding"])
    variant = one_epoch(config["variants"]["attention"], auxiliary_pairs=0, auxiliary_epochs=0)
    return lambda: train(job(variant), SEED, files, folder / "states", {}, 60.0)


def translate(config: Config, size: int, folder: Path) -> Run:
    """Prepare an untrained ``attention`` and pairs."""
    import torch

    from wordbridge.corpus.special_tokens import SPECIALS
    from wordbridge.corpus.vocabulary import Vocabulary
    from wordbridge.training.device import choose_device
    from wordbridge.translation.settings import settings_from
    from wordbridge.translation.translate import translate_split
    from wordbridge.translation.translations import write_attention, write_translations
    from wordbridge.translation.translator import Translator

    choose_device("cpu", 1)
    words = (*SPECIALS, *vocabulary_words())
    matrices = [torch.from_numpy(random_vectors(len(words), WIDTH)) for _ in ("fr", "en")]
    model = Translator(settings_from(one_epoch(config["variants"]["attention"])).model, *matrices)
    vocabularies = dict.fromkeys(("fr", "en"), Vocabulary(words, (1,) * len(words)))
    decoding = {**config["decoding"], "max_steps": 12}  # an untrained model ends no sentence
    settings = {"decoding": decoding, "split": "test", "tokenizer": "spacy"}
    description, pairs = (
        {"direction": "fr-en", "target_versions": []},
        tokenized_pairs(size, "test"),
    )

    def run() -> None:
        translations, _ = translate_split(model.eval(), description, pairs, vocabularies, settings)
        write_translations(folder / "translations.tsv", translations)
        write_attention(folder / "attention.npz", translations)

    return run


def extract_features(config: Config, size: int, folder: Path) -> Run:
    """Prepare JPEGs of noise, and EfficientNet-Lite0 with random weights."""
    import torch
    from PIL import Image

    from wordbridge.images.backbones import load_backbone
    from wordbridge.images.efficientnet import EfficientNetLite
    from wordbridge.images.feature_store import write_shard
    from wordbridge.images.features import extract_features
    from wordbridge.images.table import read_bytes

    torch.manual_seed(SEED)
    torch.save(EfficientNetLite("efficientnet_lite0").state_dict(), folder / "weights")
    images, random = image_rows(size, folder), np.random.default_rng(SEED)
    for image in images:
        noise = random.integers(256, size=(15, 20, 3), dtype=np.uint8)
        Image.fromarray(noise).resize(PIXELS).save(image.member, "JPEG")
    settings = {**config["features"], "threads": 1}

    def run() -> None:
        backbone = load_backbone("efficientnet_lite0", folder / "weights")
        shard = extract_features(images, read_bytes, backbone, settings, torch.device("cpu"))
        write_shard(shard, folder / "0.npy", folder / "0.logits.npy")

    return run


def train_head(config: Config, size: int, folder: Path) -> Run:
    """Prepare features and nouns, for an epoch of ``head``; one image in ten is valid."""
    from wordbridge.devise.dataset import read_training_data
    from wordbridge.devise.training import train
    from wordbridge.images.feature_store import Row, Shard, write_shard
    from wordbridge.images.table import write_images

    images = image_rows(size, folder)
    rows = [Row(image.set, image.image, image.stamp) for image in images]
    features, logits = random_vectors(size, FEATURES), np.zeros((size, 1), np.float16)
    write_shard(Shard(rows, features, logits, []), folder / "0.npy", folder / "0.logits.npy")
    write_images(folder / "images.tsv", images)
    vectors, nouns, _ = write_noun_files(NOUNS, folder)
    files = {"vectors": vectors, "nouns": nouns, "images": folder / "images.tsv"}
    inputs, paths = {**files, "features": [folder / "0.npy"]}, [*files.values(), folder / "0.npy"]
    variant = one_epoch(config["methods"]["head"])
    del variant["classifier"]

    def run() -> None:
        data = read_training_data(inputs)
        train(job(variant), SEED, data, paths, folder / "states", {}, 60.0)

    return run


def build_index(config: Config, size: int, folder: Path) -> Run:
    """Prepare nouns and their vectors, for an index with its graph."""
    from wordbridge.search.build import index_rows, write_index

    files = dict(zip(("vectors", "rows", "nouns"), write_noun_files(size, folder), strict=True))

    def run() -> None:
        rows = index_rows({"index": "nouns"}, files)
        write_index(folder / "search/nouns", *rows, config["search"]["graph"])

    return run


def search(config: Config, size: int, folder: Path) -> Run:
    """Prepare an index and a table of its words, for searches that open both."""
    from wordbridge.files import file_sha256
    from wordbridge.search.build import index_rows, write_index
    from wordbridge.search.engine import SearchEngine
    from wordbridge.search.words import write_words

    vectors, rows, nouns = write_noun_files(size, folder)
    indexed = index_rows({"index": "nouns"}, {"vectors": vectors, "rows": rows, "nouns": nouns})
    write_index(folder / "search/nouns", *indexed, config["search"]["graph"])
    words = list(islice(spellings(), size))
    write_words(folder / "search/words/en", words, indexed[0], file_sha256(vectors))

    def run() -> None:
        for word in words[:SEARCHES]:
            SearchEngine(folder).by_words(word, "nouns")

    return run


STAGES = {
    "extract_questions": Stage("line pairs", 50_000, extract_questions),
    "tokenize": Stage("pairs", 2_000, tokenize),
    "numericalize": Stage("pairs", 10_000, numericalize),
    "train_translator": Stage("pairs", 500, train_translator),
    "translate": Stage("sentences", 128, translate),
    "extract_features": Stage("images", 40, extract_features),
    "train_head": Stage("images", 1_000, train_head),
    "build_index": Stage("nouns", 1_500, build_index),
    "search": Stage(f"nouns, {SEARCHES} searches", 1_500, search),
}


# ---- Inputs -------------------------------------------------------------------------------------


def vocabulary_words() -> list[str]:
    """Return distinct words."""
    return list(islice(spellings(), WORDS))


def word_ranks(size: int) -> list[NDArray[np.int64]]:
    """Return the words of ``size`` texts by frequency, which falls as 1 / rank (Zipf's law)."""
    random = np.random.default_rng(SEED)
    counts = random.integers(5, 20, size)
    ranks = (WORDS ** random.random(counts.sum())).astype(np.int64) - 1
    return np.split(ranks, np.cumsum(counts)[:-1])


def texts(size: int) -> list[str]:
    """Return texts of 5 to 19 words."""
    words = np.array(vocabulary_words(), object)
    return [" ".join(words[ranks]) for ranks in word_ranks(size)]


def tokenized_pairs(size: int, split: str) -> "list[TokenizedPair]":
    """Return pairs with their tokens."""
    from wordbridge.corpus.pairs import TokenizedPair

    fields = ((text, text, text, text, "", "", text.split(), text.split()) for text in texts(size))
    return [TokenizedPair(*row, split) for row in fields]


def random_vectors(rows: int, width: int) -> NDArray[np.float32]:
    """Return random vectors in a space of ten dimensions; word vectors are near a small one."""
    random = np.random.default_rng(SEED)
    points, axes = random.standard_normal((rows, 10)), random.standard_normal((10, width))
    return (points @ axes / 10**0.5).astype(np.float32)


def split_names(size: int) -> list[str]:
    """Return the splits of ``size`` texts or images, one in ten valid."""
    return ["train" if place % 10 else "valid" for place in range(size)]


def image_rows(size: int, folder: Path) -> "list[ImageRow]":
    """Return the table of ``size`` photographs in ``folder``."""
    from wordbridge.images.table import PHOTO, ImageRow

    names = [f"{place:06d}.jpg" for place in range(size)]
    return [
        ImageRow(
            "s", name, noun_id(place % NOUNS), PHOTO, split, "", "", "", str(folder / name), ""
        )
        for place, (name, split) in enumerate(zip(names, split_names(size), strict=True))
    ]


def noun_id(place: int) -> str:
    """Return the synset of a noun."""
    return f"n{place:08d}"


def write_noun_files(size: int, folder: Path) -> tuple[Path, Path, Path]:
    """Write ``size`` nouns; return the files of their vectors, the vectors' rows, and the nouns."""
    from wordbridge.arrays import save_matrix
    from wordbridge.nouns.matrix import NounRow, write_noun_rows
    from wordbridge.nouns.table import Noun, write_nouns

    words = enumerate(islice(spellings(), size))
    nouns = [Noun(noun_id(place), (word,), (), None, "") for place, word in words]
    files = folder / "vectors.npy", folder / "vectors.tsv", folder / "nouns.tsv"
    save_matrix(random_vectors(size, DIM), files[0])
    write_noun_rows(files[1], (NounRow(n.synset, n.lemmas[0], "first", None) for n in nouns))
    write_nouns(files[2], nouns)
    return files


def one_epoch(block: Config, **training: Any) -> Config:
    """Return the settings of a variant or method for one epoch, with other changes."""
    settings = {**block["training"], "epochs": 1, **training}
    del settings["checkpoint_seconds"]
    return {**block, "training": settings}


def job(variant: Config) -> Config:
    """Return the settings of a training's rule."""
    return {"variant": variant, "device": "cpu", "threads": 1}
