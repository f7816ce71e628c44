"""Translation of token lists, and of a split of the corpus."""

import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordbridge.corpus.detokenizer import detokenize, join_pieces
from wordbridge.corpus.pairs import TokenizedPair
from wordbridge.corpus.special_tokens import EOS, SPECIALS, UNK
from wordbridge.corpus.vocabulary import Vocabulary
from wordbridge.errors import InputError, shorten
from wordbridge.translation.decoder import EncoderDecoder
from wordbridge.translation.decoding import DecodingSettings, translate_ids
from wordbridge.translation.translations import (
    EvaluationSentence,
    Translation,
    evaluation_sentences,
)

MAX_TOKENS = 10_000  # of a source text; memory grows with it


def translate_tokens(
    model: EncoderDecoder,
    description: Mapping[str, Any],
    token_lists: Sequence[Sequence[str]],
    versions: Sequence[str],
    vocabularies: Mapping[str, Vocabulary],
    settings: Mapping[str, Any],
) -> list[Translation]:
    """Return a translation of each of ``token_lists``, without source text and reference.

    ``description`` is the JSON of the model; a model with tags translates into ``versions``, one
    per token list. ``settings`` has tokenizer and decoding. Raises InputError when the vocabularies
    do not fit the model.
    """
    languages, tags = description["direction"].split("-"), description["target_versions"]
    source, target = (vocabularies[language] for language in languages)
    _check_vocabularies(model, source, target, len(tags))
    decoding = DecodingSettings(**settings["decoding"])
    inputs = [list(tokens) for tokens in token_lists]
    ids = [[*source.ids(tokens), EOS] for tokens in inputs]
    if tags:
        numbers = [len(source) + tags.index(version) for version in versions]
        inputs = [[f"<{v}>", *tokens] for v, tokens in zip(versions, inputs, strict=True)]
        ids = [[number, *sentence] for number, sentence in zip(numbers, ids, strict=True)]
    translations = []
    hypotheses = translate_ids(model, [np.array(sentence) for sentence in ids], decoding)
    for tokens, hypothesis in zip(inputs, hypotheses, strict=True):
        score, attention = hypothesis.log_probability, hypothesis.attention
        words = target.tokens(hypothesis.ids.tolist())
        if decoding.replace_unknown:
            words = replace_unknown(words, tokens, attention, has_tag=bool(tags))
        text = natural_text(words, languages[1], settings["tokenizer"])
        translations.append(Translation("", "", text, tokens, words, score, attention))
    return translations


def translate_split(
    model: EncoderDecoder,
    description: Mapping[str, Any],
    pairs: Sequence[TokenizedPair],
    vocabularies: Mapping[str, Vocabulary],
    settings: Mapping[str, Any],
) -> tuple[list[Translation], dict[str, Any]]:
    """Return a translation of each distinct source text of a split, and the times.

    The arguments are as in ``translate_tokens``; ``settings`` also has the split. A model with tags
    translates into the version of the text's first reference.
    """
    source, target = description["direction"].split("-")
    sentences = evaluation_sentences(pairs, source, target, settings["split"])
    check_references(sentences, vocabularies[target], target)
    token_lists = [getattr(sentence.pair, f"{source}_tokens") for sentence in sentences]
    cut = sum(len(tokens) > MAX_TOKENS for tokens in token_lists)
    if cut:
        print(f"warning: cut {cut} texts of more than {MAX_TOKENS} tokens", file=sys.stderr)
        token_lists = [tokens[:MAX_TOKENS] for tokens in token_lists]
    versions = [getattr(sentence.pair, f"{target}_version") for sentence in sentences]
    started = time.perf_counter()
    outputs = translate_tokens(model, description, token_lists, versions, vocabularies, settings)
    seconds = time.perf_counter() - started
    translations = [
        replace(output, source=sentence.source, reference=sentence.reference)
        for sentence, output in zip(sentences, outputs, strict=True)
    ]
    times = {
        "decode_seconds": round(seconds, 3),
        "decoded_sentences_per_second": round(len(translations) / max(seconds, 1e-9), 1),
        "sentences": len(translations),
    }
    return translations, times


def check_references(
    sentences: Sequence[EvaluationSentence], vocabulary: Vocabulary, language: str
) -> None:
    """Raise InputError if no token of the references is in the ``vocabulary``.

    Prints a warning if fewer than a tenth of the references have only characters of its words.
    """
    tokens = {token for row in sentences for token in getattr(row.pair, f"{language}_tokens")}
    if tokens and set(vocabulary.ids(sorted(tokens))) == {UNK}:
        raise InputError(
            f"references: expected words of the {language} vocabulary, got none of "
            f"{shorten(' '.join(sorted(tokens)))}; check that all splits have one language"
        )
    characters = set("".join(vocabulary.words).lower() + " ")
    absent = [set(row.reference.lower()) - characters for row in sentences]
    writable = absent.count(set())
    if writable < len(sentences) / 10:
        signs = " ".join(sign for sign, _ in Counter(sorted(chain(*absent))).most_common(9))
        print(
            f"warning: the model can write {writable} of {len(sentences)} references; its "
            f"{language} words lack the characters {signs}; see the ceiling of BLEU",
            file=sys.stderr,
        )


def replace_unknown(
    tokens: list[str], source: list[str], attention: NDArray[Any] | None, has_tag: bool = False
) -> list[str]:
    """Return ``tokens`` with each unknown word replaced by the source word most attended to.

    With ``has_tag`` the first source token is a version tag and no word. Without attention nothing
    is replaced.
    """
    first = int(has_tag)
    if attention is None or len(source) == first:
        return tokens
    most = attention[:, first : len(source)].argmax(axis=1) + first
    return [
        source[int(most[step])] if token == SPECIALS[UNK] else token
        for step, token in enumerate(tokens)
    ]


def _check_vocabularies(
    model: EncoderDecoder, source: Vocabulary, target: Vocabulary, tags: int
) -> None:
    expected = (model.encoder.embedding.num_embeddings, model.decoder.embedding.num_embeddings)
    got = (len(source) + tags, len(target))
    if got != expected:
        raise InputError(
            f"vocabularies: expected {expected[0]} source and {expected[1]} target words as in the "
            f"model, got {got[0]} and {got[1]}; the run is unfinished, so run snakemake again"
        )


def natural_text(words: Sequence[str], language: str, tokenizer: str) -> str:
    """Return the tokens or pieces of ``tokenizer`` as one line of text in ``language``."""
    tokens = [word for word in words if word not in SPECIALS or word == SPECIALS[UNK]]
    tokens = join_pieces(tokens) if tokenizer == "sentencepiece" else tokens
    # A token may be or contain a line break; as text it is a space like any other.
    return " ".join(detokenize(tokens, language).split())
