"""Translation of a whole split of the corpus, from its pairs to texts."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wordbridge.corpus.detokenizer import detokenize, join_pieces
from wordbridge.corpus.pairs import TokenizedPair
from wordbridge.corpus.special_tokens import EOS, SPECIALS, UNK
from wordbridge.corpus.vocabulary import Vocabulary
from wordbridge.errors import InputError
from wordbridge.translation.decoding import DecodingSettings, replace_unknown, translate
from wordbridge.translation.translations import Translation, evaluation_sentences
from wordbridge.translation.translator import Translator


def translate_split(
    model: Translator,
    description: Mapping[str, Any],
    pairs: Sequence[TokenizedPair],
    vocabularies: Mapping[str, Vocabulary],
    settings: Mapping[str, Any],
) -> tuple[list[Translation], dict[str, Any]]:
    """Return a translation of each distinct source text of a split, and how long they took.

    ``description`` is the JSON beside the model; one trained with tags is told to translate
    into the version of the text's first reference. ``settings`` has split, tokenizer and decoding
    (as DecodingSettings, and replace_unknown). Source texts are never cut. Raises InputError when
    the vocabularies are others than the model's, or a version is.
    """
    source, target = description["direction"].split("-")
    versions = description["target_versions"]
    _check(model, vocabularies[source], vocabularies[target], len(versions))
    options = dict(settings["decoding"])
    replace = options.pop("replace_unknown")
    rows = [pair._asdict() for pair in pairs]
    sentences = evaluation_sentences(rows, source, target, settings["split"])
    given = [sentence.pair[f"{source}_tokens"] for sentence in sentences]
    numbered = [[*vocabularies[source].ids(words), EOS] for words in given]
    if versions:
        wanted = [sentence.pair[f"{target}_version"] for sentence in sentences]
        tags = [len(vocabularies[source]) + _number(name, versions) for name in wanted]
        given = [[tag_token(name), *words] for name, words in zip(wanted, given, strict=True)]
        numbered = [[tag, *ids] for tag, ids in zip(tags, numbered, strict=True)]
    started = time.perf_counter()
    found = translate(model, list(map(np.array, numbered)), DecodingSettings(**options))
    seconds = time.perf_counter() - started
    made = []
    for sentence, said, hypothesis in zip(sentences, given, found, strict=True):
        score, attention = hypothesis.log_probability, hypothesis.attention
        words = vocabularies[target].tokens(hypothesis.ids.tolist())
        if replace:
            words = replace_unknown(words, said, attention, SPECIALS[UNK], tags=bool(versions))
        text = _text(words, target, settings["tokenizer"])
        made.append(
            Translation(sentence.source, sentence.reference, text, said, words, score, attention)
        )
    times = {
        "decode_seconds": round(seconds, 3),
        "decoded_sentences_per_second": round(len(made) / max(seconds, 1e-9), 1),
        "sentences": len(made),
    }
    return made, times


def tag_token(version: str) -> str:
    """Return how the source texts' first token, which asks for a version, is written."""
    return f"<{version}>"


def _number(version: str, versions: Sequence[str]) -> int:
    if version not in versions:
        raise InputError(
            f"version {version!r}: expected one that the model was trained for, "
            f"{', '.join(versions)}; choose one of these or train the model again"
        )
    return versions.index(version)


def _check(model: Translator, source: Vocabulary, target: Vocabulary, tags: int) -> None:
    expected = (model.encoder.embedding.num_embeddings, model.decoder.embedding.num_embeddings)
    got = (len(source) + tags, len(target))
    if got != expected:
        raise InputError(
            f"vocabularies: expected {expected[0]} source and {expected[1]} target words as in the "
            f"model, got {got[0]} and {got[1]}; train the translator with these vocabularies"
        )


def _text(words: Sequence[str], language: str, tokenizer: str) -> str:
    kept = [word for word in words if word not in SPECIALS or word == SPECIALS[UNK]]
    if tokenizer == "sentencepiece":
        kept = join_pieces(kept)
    return detokenize(kept, language)
