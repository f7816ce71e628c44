"""Translation of a whole part of the corpus, from its pairs to texts."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wordbridge.corpus.detokenize import detokenize
from wordbridge.corpus.pieces import joined_pieces
from wordbridge.corpus.specials import EOS, SPECIALS, UNK
from wordbridge.corpus.tokenized import TokenizedPair
from wordbridge.corpus.vocabulary import Vocabulary
from wordbridge.translation.decoding import DecodingSettings, translate
from wordbridge.translation.hypothesis import Hypothesis, replace_unknown
from wordbridge.translation.references import evaluation_sentences
from wordbridge.translation.translations import Translation
from wordbridge.translation.translator import Translator


def translate_part(
    model: Translator,
    direction: str,
    pairs: Sequence[TokenizedPair],
    vocabularies: Mapping[str, Vocabulary],
    settings: Mapping[str, Any],
) -> tuple[list[Translation], dict[str, Any]]:
    """Return a translation of each distinct source text of a part, and how long they took.

    ``settings`` has part, tokenizer, decoding (as DecodingSettings, and replace_unknown), device
    and threads. Source texts are never cut.
    """
    source, target = direction.split("-")
    options = dict(settings["decoding"])
    replace = options.pop("replace_unknown")
    tokens = {getattr(pair, source): getattr(pair, f"{source}_tokens") for pair in pairs}
    rows = [pair._asdict() for pair in pairs]
    sentences = evaluation_sentences(rows, source, target, settings["part"])
    numbered = [
        np.array([*vocabularies[source].ids(tokens[sentence.source]), EOS])
        for sentence in sentences
    ]
    started = time.perf_counter()
    found = translate(model, numbered, DecodingSettings(**options))
    seconds = time.perf_counter() - started
    made = []
    for sentence, hypothesis in zip(sentences, found, strict=True):
        words = _words(hypothesis, vocabularies[target])
        given = tokens[sentence.source]
        if replace:
            words = replace_unknown(words, given, hypothesis.attention, SPECIALS[UNK])
        made.append(
            Translation(
                sentence.source,
                sentence.reference,
                _text(words, target, settings["tokenizer"]),
                given,
                words,
                hypothesis.log_probability,
                hypothesis.attention,
            )
        )
    times = {
        "decode_seconds": round(seconds, 3),
        "decoded_sentences_per_second": round(len(made) / max(seconds, 1e-9), 1),
        "sentences": len(made),
    }
    return made, times


def _words(hypothesis: Hypothesis, vocabulary: Vocabulary) -> list[str]:
    return list(vocabulary.tokens(hypothesis.ids.tolist()))


def _text(words: Sequence[str], language: str, tokenizer: str) -> str:
    kept = [word for word in words if word not in SPECIALS or word == SPECIALS[UNK]]
    if tokenizer == "sentencepiece":
        kept = joined_pieces(kept)
    return detokenize(kept, language)
