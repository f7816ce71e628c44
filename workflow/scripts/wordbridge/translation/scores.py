"""Scores of translations: BLEU, chrF, exact matches, length, repetitions, unknown words."""

import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from wordbridge.corpus.batches import read_parallel
from wordbridge.corpus.pairs import TokenizedPair
from wordbridge.corpus.special_tokens import SPECIALS, UNK
from wordbridge.translation.decoder import EncoderDecoder
from wordbridge.translation.losses import VALIDATION_SCALE, greedy_validation, nll_by_pair
from wordbridge.translation.sentence_scores import SentenceScore, corpus_nll, text_statistics
from wordbridge.translation.translate import natural_text
from wordbridge.translation.translations import (
    EvaluationSentence,
    Translation,
    evaluation_sentences,
)
from wordbridge.translation.translator import first_tag

LOW_CEILING = 99.0  # BLEU; reports show a ceiling below it
LONGEST_REPEAT = 4  # the same order as BLEU's longest n-gram

Scores = dict[str, float | int | str]


def evaluate(
    model: EncoderDecoder,
    description: Mapping[str, Any],
    ids: tuple[str, str],
    pairs: Sequence[TokenizedPair],
    translations: Sequence[Translation],
    settings: Mapping[str, Any],
) -> tuple[dict[str, Any], list[SentenceScore]]:
    """Return all scores of one translator, over the split and by sentence.

    The scores are those of ``translations`` and the model's losses. ``description`` is the JSON of
    the model; ``ids`` are the French and the English file; ``settings`` has split, lowercase and
    tokenizer. The validation loss is the lesson's, of the valid split; likelihood and perplexity
    are of the scored split.
    """
    source, target = description["direction"].split("-")
    split = settings["split"]
    sentences = evaluation_sentences(pairs, source, target, split)
    hypotheses = [row.hypothesis for row in translations]
    references = [sentence.reference for sentence in sentences]
    lowercase = settings["lowercase"]
    size = int(description["settings"]["training"]["batch_size"] * VALIDATION_SCALE)
    direction, tag = description["direction"], first_tag(description)
    valid = read_parallel(*ids, "valid", direction, tag)
    scored = read_parallel(*ids, split, direction, tag)
    likelihoods = nll_by_pair(model, scored, size)
    nll = corpus_nll(likelihoods.sum(axis=0))
    record = {
        "epochs": description["epochs"],
        "best_epoch": description["best_epoch"],
        "parameters": description["parameters"],
        "precision": description["precision"],
        "validation_loss": greedy_validation(model, valid, size).loss,
        "nll_per_token": nll,
        "perplexity": math.exp(nll),
        **score(hypotheses, references, [s.references for s in sentences], lowercase),
        **ceiling(sentences, target, settings["tokenizer"], lowercase),
        **token_rates([row.tokens for row in translations]),
    }
    statistics = text_statistics(hypotheses, references, lowercase)
    # A sentence has the sums of all its pairs, one for each reference.
    number_of = {sentence.source: number for number, sentence in enumerate(sentences)}
    numbers = [number_of[getattr(pair, source)] for pair in pairs if pair.split == split]
    statistics["nll"] = np.zeros((len(sentences), 2))
    np.add.at(statistics["nll"], numbers, likelihoods)
    rows = []
    for number, sentence in enumerate(sentences):
        length = len(getattr(sentence.pair, f"{source}_tokens"))
        sums = {name: values[number] for name, values in statistics.items()}
        rows.append(SentenceScore(sentence.source, sentence.pair.group, length, sums))
    return record, rows


def score(
    hypotheses: Sequence[str],
    single_references: Sequence[str],
    multi_references: Sequence[Sequence[str]],
    lowercase: bool,
) -> Scores:
    """Return the scores of ``hypotheses``, plain texts, with the signatures of their settings.

    There is at least one hypothesis; each has a single reference and one or more multi references.
    BLEU and chrF are in points (0 to 100), exact matches are fractions (0 to 1); the length ratio
    is hypothesis over single reference in BLEU's tokens. ``lowercase`` ignores case everywhere.
    """
    singles = [[text] for text in single_references]
    scores: Scores = {
        "sentences": len(hypotheses),
        "exact_match": _matches(hypotheses, singles, lowercase),
        "exact_match_multi": _matches(hypotheses, multi_references, lowercase),
    }
    for kind, suffix, references in (
        ("single", "", singles),
        ("multi", "_multi", multi_references),
    ):
        # The n-th stream has the n-th reference of each hypothesis, None if there are fewer, which
        # sacreBLEU skips, though its types lack None; "" would count as a reference of length 0.
        streams: list[Any] = list(map(list, zip_longest(*references)))
        for metric in (BLEU(lowercase=lowercase), CHRF(lowercase=lowercase)):
            result: Any = metric.corpus_score(hypotheses, streams)
            name = type(metric).__name__.lower()
            scores[f"{name}_{kind}"] = float(result.score)
            scores[f"signature_{name}{suffix}"] = str(metric.get_signature())
            if (name, kind) == ("bleu", "single"):
                scores["length_ratio"] = result.sys_len / result.ref_len if result.ref_len else 0.0
    return scores


def ceiling(
    sentences: Sequence[EvaluationSentence], language: str, tokenizer: str, lowercase: bool
) -> Scores:
    """Return BLEU of the first references after tokenization and detokenization.

    A translation consists of such tokens. Only a ceiling below ``LOW_CEILING`` is returned, with a
    warning in the log and with ``lost_characters``, the most frequent characters of the references
    that their tokens lack.
    """
    texts = [sentence.reference for sentence in sentences]
    tokens = [getattr(sentence.pair, f"{language}_tokens") for sentence in sentences]
    restored = [natural_text(words, language, tokenizer) for words in tokens]
    bleu = float(BLEU(lowercase=lowercase).corpus_score(restored, [texts]).score)
    if bleu >= LOW_CEILING:
        return {}
    if lowercase:
        texts = [text.lower() for text in texts]
        restored = [text.lower() for text in restored]
    lost = Counter(
        sign
        for text, words in zip(texts, restored, strict=True)
        for sign in sorted({*text} - {*words})
    )
    signs = " ".join(sign for sign, _ in lost.most_common(5))
    print(
        f"warning: BLEU is {bleu:.1f} at most, the score of the references' own tokens, which "
        f"lack {signs or 'spaces'} of the references; see tokens.rules",
        file=sys.stderr,
    )
    return {"bleu_ceiling": bleu, "lost_characters": signs}


def token_rates(tokens: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return the rates (0 to 1) of repetitions and of unknown words in translations.

    ``repetition_rate`` is the fraction of translations in which 1 to 4 tokens occur twice in a
    row, ``unknown_rate`` the fraction of tokens that are the unknown word; 0 without any tokens.
    """
    total = sum(map(len, tokens))
    repetitive = sum(map(has_repetition, tokens))
    unknown = sum(token == SPECIALS[UNK] for sentence in tokens for token in sentence)
    return {
        "repetition_rate": repetitive / max(len(tokens), 1),
        "unknown_rate": unknown / max(total, 1),
    }


def has_repetition(tokens: Sequence[str]) -> bool:
    """Return whether 1 to LONGEST_REPEAT of the ``tokens`` occur twice in a row."""
    return any(
        tokens[start - size : start] == tokens[start : start + size]
        for size in range(1, LONGEST_REPEAT + 1)
        for start in range(size, len(tokens) - size + 1)
    )


def _matches(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], lowercase: bool
) -> float:
    """Return the fraction of hypotheses that equal one of their references, spaces ignored.

    French references have a space before a question mark, which no translation has.
    """

    def normalize(text: str) -> str:
        return "".join((text.lower() if lowercase else text).split())

    hits = sum(
        normalize(hypothesis) in map(normalize, texts)
        for hypothesis, texts in zip(hypotheses, references, strict=True)
    )
    return hits / len(hypotheses)
