"""The explorer: all sentences of a split with each variant, and images to search, in one page.

The page needs neither a server nor the network. Its data are JSON in the page: texts, attention in
8 bits, word vectors and predictions of images in 8 bits, and thumbnails.
"""

import hashlib
import io
import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, compress, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import Matrix
from wordbridge.corpus.question_words import ENGLISH, FRENCH, find_question
from wordbridge.corpus.special_tokens import UNK
from wordbridge.corpus.vocabulary import Vocabulary, read_vocabulary
from wordbridge.nouns.table import Noun, read_nouns
from wordbridge.report.contact_sheet import result_tile
from wordbridge.report.tables import render
from wordbridge.search.index import Hit, Index, read_index
from wordbridge.search.words import WordTable, noun_words, read_words
from wordbridge.translation.sentence_scores import SentenceScore, read_sentence_scores
from wordbridge.translation.translations import Translation, read_attention, read_translations

LARGEST_PAGE = 25_000_000  # bytes, and of its parts:
LARGEST_TEXTS, LARGEST_ATTENTION, LARGEST_WORDS = 10_000_000, 5_000_000, 10_000_000
IMAGES, SIDE = 600, 64  # at most; pixels
_REMAINDER = 200_000  # bytes of the page apart from its data
_QUALITY = 60  # of a thumbnail
_WORD_BYTES = 30  # of a word in the page apart from its numbers
_LANGUAGES = {"fr": FRENCH, "en": ENGLISH}

Data = dict[str, Any]
Weights = NDArray[np.float32]


class Run(NamedTuple):
    """The outputs of one variant; ``attention`` is empty for a variant without attention."""

    variant: str
    translations: Sequence[Translation]
    attention: Sequence[Weights]
    scores: Sequence[SentenceScore]


def build_explorer(settings: Mapping[str, Any], files: Any) -> str:
    """Return the HTML of the page.

    ``settings`` has title, split, source (a language) and variants. ``files`` has translations,
    attention and scores of each variant, and the vocabulary of the source; with images also a word
    table (words), the index of images (index) and nouns.
    """
    outputs = (files[name] for name in ("translations", "attention", "scores"))
    runs = [
        Run(name, read_translations(texts), read_attention(weights), read_sentence_scores(sums))
        for name, texts, weights, sums in zip(settings["variants"], *outputs, strict=True)
    ]
    data = sentences_data(runs, read_vocabulary(files["vocabulary"]), settings["source"])
    images = None
    if files.get("words"):
        words = read_words(Path(files["words"][0]).parent)
        index = read_index(Path(files["index"][0]).parent, words.word_vectors)
        room = LARGEST_PAGE - _REMAINDER - size_of(data)
        images = images_data(index, words, read_nouns(*files["nouns"]), room)
    text = script_json(data | {"source": settings["source"], "images": images})
    return render("explorer.html.j2", **{**settings, **data}, images=images, data=text)


def script_json(value: object) -> str:
    """Return JSON without "<", since a script element ends at the first markup in its text."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def size_of(value: object) -> int:
    """Return the bytes that a value takes in the page."""
    return len(script_json(value).encode())


# ---- Sentences ----------------------------------------------------------------------------------


def sentences_data(runs: Sequence[Run], vocabulary: Vocabulary, language: str) -> Data:
    """Return variants, sentences, the ``total`` of them, and how many have all their attention.

    ``language`` and ``vocabulary`` belong to the sources. If the texts are too large for the page,
    sentences at even distances are kept; if the weights are too large, the attention of the
    shortest sentences is kept.
    """
    total = len(runs[0].translations)
    rows = [_sentence(runs, number, vocabulary, language) for number in range(total)]
    count = min(total, total * LARGEST_TEXTS // max(size_of(rows), 1))
    kept = [number * total // count for number in range(count)]
    room, attended = LARGEST_ATTENTION, 0
    for number in sorted(kept, key=lambda number: len(rows[number]["tokens"])):
        weights = [run.attention[number] if run.attention else None for run in runs]
        room -= sum(encoded_size(w.size) for w in weights if w is not None)
        if room < 0:
            break
        attended += 1
        for output, attention in zip(rows[number]["outputs"], weights, strict=True):
            if attention is not None:
                output["width"] = attention.shape[1]
                output["attention"] = encoded(np.rint(255 * attention.clip(0, 1)).astype("u1"))
    return {
        "variants": [run.variant for run in runs],
        "sentences": [rows[number] for number in kept],
        "total": total,
        "attended": attended,
    }


def disagreement(outputs: Iterable[Sequence[str]]) -> float:
    """Return the mean distance between every two texts (tokens), from 0 (equal) to 1.

    A distance is 1 - the Dice coefficient (2 common / all) of words and pairs of adjacent words.
    """
    bags = [Counter([*tokens, *pairwise(tokens)]) for tokens in outputs]
    similarities = [
        2 * (one & other).total() / (one.total() + other.total())
        for one, other in combinations(bags, 2)
        if one != other  # the distance of equal texts is 0
    ]
    pairs = len(bags) * (len(bags) - 1) // 2
    return (len(similarities) - sum(similarities)) / max(pairs, 1)


def _sentence(runs: Sequence[Run], number: int, vocabulary: Vocabulary, language: str) -> Data:
    """Return one sentence with the output of each variant, without attention.

    ``tokens`` begin with the version tags of the variants that have them: ``tags`` is their number,
    ``skip`` how many of them a variant does not have. ``unknown`` are the positions of the tokens
    that are not in the vocabulary.
    """
    translations = [run.translations[number] for run in runs]
    score = runs[0].scores[number]
    tokens = max((translation.source_tokens for translation in translations), key=len)
    tags = max(len(tokens) - score.source_tokens, 0)
    question = find_question(score.source, _LANGUAGES[language])
    outputs = [
        {
            "text": translation.hypothesis,
            "tokens": translation.tokens,
            "skip": len(tokens) - len(translation.source_tokens),
            "scores": [round(value, 2) for value in run.scores[number].scores.values()],
        }
        for run, translation in zip(runs, translations, strict=True)
    ]
    return {
        "source": score.source,
        "reference": translations[0].reference,
        "group": score.group,
        "length": score.source_tokens,
        "question": question.kind if question else "",
        "tokens": tokens,
        "tags": tags,
        "unknown": [n for n, i in enumerate(vocabulary.ids(tokens)) if i == UNK and n >= tags],
        "disagreement": round(disagreement(row.tokens for row in translations), 3),
        "outputs": outputs,
    }


# ---- Images -------------------------------------------------------------------------------------


def images_data(index: Index, table: WordTable, nouns: Iterable[Noun], room: int) -> Data:
    """Return a sample of the images with predicted vectors, and words with their vectors.

    The words come from the nouns' lemmas and are in ``table``, as many as fit into ``room``
    (bytes): first words of the images' labels, then words of the most nouns, short ones first.
    """
    thumbnails = {row: _thumbnail(index.label(row)) for row in sample_rows(index, IMAGES)}
    rows = [row for row, image in thumbnails.items() if image is not None]
    predictions, _ = quantize(index.row_vectors(rows))
    data = {
        "dim": table.dim,
        "images": [thumbnails[row] for row in rows],
        "predictions": encoded(predictions),
        "all_images": len(index.rows),
    }
    labels = {word for row in rows for word in index.label(row)["label"].split()}
    counts = Counter(form for noun in nouns for form in noun_words([noun]))
    order = sorted(counts, key=lambda word: (word not in labels, -counts[word], len(word), word))
    vectors, mask = table.lookup(order)
    words = list(compress(order, mask))
    room = max(0, min(room - size_of(data), LARGEST_WORDS))
    kept = room // (encoded_size(table.dim) + _WORD_BYTES)
    numbers, scales = quantize(vectors[:kept])
    arrays = {"vectors": encoded(numbers), "scales": encoded(scales)}
    return {**data, **arrays, "words": words[:kept], "all_words": len(words)}


def sample_rows(index: Index, count: int) -> list[int]:
    """Return at most ``count`` rows of labelled images in an index of images, in order.

    Each noun gives one image before any noun gives a second one, held-out images first. Images
    without a label, as of an album, are left out, so that the page can be shared.
    """
    labels = {row: index.label(row) for row in np.flatnonzero(index.rows >= 0).tolist()}

    def priority(row: int) -> tuple[bool, str]:
        name = labels[row]["set"] + "/" + labels[row]["image"]
        return labels[row]["split"] == "train", hashlib.sha256(name.encode()).hexdigest()

    labelled = sorted((row for row in labels if labels[row]["synset"]), key=priority)
    images: Counter[str] = Counter()  # of each noun so far
    rounds = {}
    for row in labelled:
        images[labels[row]["synset"]] += 1
        rounds[row] = images[labels[row]["synset"]]
    return sorted(sorted(labelled, key=rounds.__getitem__)[:count])


def quantize(vectors: Matrix) -> tuple[NDArray[np.int8], Matrix]:
    """Return rows of integers from -127 to 127, and the factor (rows,) that restores each."""
    scales = np.abs(vectors).max(axis=1, initial=0).astype("<f4") / np.float32(127)
    units = np.where(scales > 0, scales, 1)[:, None]
    return np.rint(vectors / units).astype(np.int8), scales


def encoded(array: NDArray[Any]) -> str:
    """Return the numbers of an array in base64."""
    return b64encode(array.tobytes()).decode()


def encoded_size(count: int) -> int:
    """Return the characters of ``count`` bytes in base64."""
    return -(-count // 3) * 4


def _thumbnail(label: Mapping[str, str]) -> dict[str, str] | None:
    """Return the image of a row with its texts, None where it cannot be read."""
    image = result_tile(Hit(0, 1.0, label), SIDE).image
    if image is None:
        return None
    file = io.BytesIO()
    image.save(file, "WEBP", quality=_QUALITY, method=6)
    texts = {name: label[name] for name in ("label", "set", "image", "split")}
    return {**texts, "file": b64encode(file.getvalue()).decode()}
