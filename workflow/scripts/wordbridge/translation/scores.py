"""Scores of translations: BLEU, chrF, exact matches, length, repetitions, unknown words."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from wordbridge.corpus.batches import read_parallel
from wordbridge.corpus.pairs import TokenizedPair
from wordbridge.corpus.special_tokens import SPECIALS, UNK
from wordbridge.errors import InputError
from wordbridge.translation.losses import VALIDATION_SCALE, greedy_validation, nll_per_token
from wordbridge.translation.significance import bleu_statistics
from wordbridge.translation.translations import Translation, evaluation_sentences
from wordbridge.translation.translator import Translator

LONGEST_REPEAT = 4  # the same order as BLEU's longest n-gram

Scores = dict[str, float | int | str]


def score(
    hypotheses: Sequence[str],
    single_references: Sequence[str],
    multi_references: Sequence[Sequence[str]],
    lowercase: bool,
) -> Scores:
    """Return the scores of ``hypotheses``, plain texts, with the signatures of their settings.

    ``single_references`` has one text per hypothesis, ``multi_references`` a list of any number
    of them. BLEU and chrF are in points (0 to 100), exact matches are shares (0 to 1); the length
    ratio is hypothesis over single reference in BLEU's tokens. ``lowercase`` ignores case
    everywhere. Raises InputError when the lists do not match or a sentence has no reference.
    """
    _check(hypotheses, single_references, multi_references)
    streams = reference_streams(multi_references)
    bleu, bleu_signature = _measure(BLEU(lowercase=lowercase), hypotheses, [single_references])
    bleu_multi, bleu_multi_signature = _measure(BLEU(lowercase=lowercase), hypotheses, streams)
    chrf, chrf_signature = _measure(CHRF(lowercase=lowercase), hypotheses, [single_references])
    chrf_multi, chrf_multi_signature = _measure(CHRF(lowercase=lowercase), hypotheses, streams)
    return {
        "sentences": len(hypotheses),
        "bleu_single": float(bleu.score),
        "bleu_multi": float(bleu_multi.score),
        "chrf_single": float(chrf.score),
        "chrf_multi": float(chrf_multi.score),
        "exact_match": _matches(hypotheses, [[text] for text in single_references], lowercase),
        "exact_match_multi": _matches(hypotheses, multi_references, lowercase),
        "length_ratio": bleu.sys_len / bleu.ref_len if bleu.ref_len else 0.0,
        "signature_bleu": bleu_signature,
        "signature_bleu_multi": bleu_multi_signature,
        "signature_chrf": chrf_signature,
        "signature_chrf_multi": chrf_multi_signature,
    }


def reference_streams(references: Sequence[Sequence[str]]) -> list[list[str | None]]:
    """Return ``references`` (by sentence) as sacreBLEU expects them: by reference.

    Sentences with fewer references are filled with None, which sacreBLEU skips; an empty text
    would count as a reference of length 0.
    """
    most = max(map(len, references), default=0)
    return [
        [texts[number] if number < len(texts) else None for texts in references]
        for number in range(most)
    ]


def token_rates(tokens: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return the rates (0 to 1) of repetitions and of unknown words in translations.

    ``repetition_rate``: share of the translations in which 1 to 4 tokens occur twice in a row.
    ``unknown_rate``: share of all tokens that are the unknown word. Without any translation both
    are 0.
    """
    total = sum(map(len, tokens))
    unknown = sum(token == SPECIALS[UNK] for sentence in tokens for token in sentence)
    return {
        "repetition_rate": _share(sum(repeated_tokens(words) > 0 for words in tokens), len(tokens)),
        "unknown_rate": _share(unknown, total),
    }


def repeated_tokens(tokens: Sequence[str], longest: int = LONGEST_REPEAT) -> int:
    """Return how many ``tokens`` repeat the 1 to ``longest`` tokens just before them."""
    repeated: set[int] = set()
    for size in range(1, longest + 1):
        for start in range(size, len(tokens) - size + 1):
            if tokens[start - size : start] == tokens[start : start + size]:
                repeated.update(range(start, start + size))
    return len(repeated)


def _check(
    hypotheses: Sequence[str], singles: Sequence[str], multis: Sequence[Sequence[str]]
) -> None:
    if not hypotheses:
        raise InputError(
            "nothing to score: expected at least one translation, got none; "
            "give the corpus a larger test split"
        )
    if not len(hypotheses) == len(singles) == len(multis):
        raise InputError(
            f"expected as many references as translations ({len(hypotheses)}), got {len(singles)} "
            f"single and {len(multis)} multiple ones; translate the same test split again"
        )
    missing = next((number for number, texts in enumerate(multis, start=1) if not texts), None)
    if missing is not None:
        raise InputError(
            f"sentence {missing} has no reference: expected at least one; "
            "leave the sentence out or give it a reference"
        )


def _measure(
    metric: BLEU | CHRF, hypotheses: Sequence[str], streams: Sequence[Sequence[str | None]]
) -> tuple[Any, str]:
    """Return sacreBLEU's score of the whole corpus and the signature of its settings."""
    result = metric.corpus_score(hypotheses, streams)  # type: ignore[arg-type]  # it takes None
    return result, str(metric.get_signature())


def _matches(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], lowercase: bool
) -> float:
    """Return the share of hypotheses that equal one of their references, spacing apart."""

    def plain(text: str) -> str:
        return " ".join((text.lower() if lowercase else text).split())

    hits = sum(
        plain(hypothesis) in map(plain, texts)
        for hypothesis, texts in zip(hypotheses, references, strict=True)
    )
    return _share(hits, len(hypotheses))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def evaluate(
    model: Translator,
    description: Mapping[str, Any],
    ids: tuple[str, str],
    pairs: Sequence[TokenizedPair],
    translations: Sequence[Translation],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Return all scores of one translator: of its ``translations``, and the model's losses.

    ``description`` is the JSON of the model; ``ids`` are the French and the English file;
    ``settings`` has split and lowercase. Losses are those of the valid split as the
    lesson has them; likelihood and perplexity are those of the scored split. Raises InputError
    when the translations are of other texts.
    """
    source, target = description["direction"].split("-")
    rows = [pair._asdict() for pair in pairs]
    sentences = evaluation_sentences(rows, source, target, settings["split"])
    if [sentence.source for sentence in sentences] != [row.source for row in translations]:
        raise InputError(
            "the translations are of other texts than the split to score; translate them again"
        )
    hypotheses = [row.hypothesis for row in translations]
    references = [list(sentence.references) for sentence in sentences]
    lowercase = settings["lowercase"]
    size = int(description["settings"]["training"]["batch_size"] * VALIDATION_SCALE)
    first_tag = None
    if description["target_versions"]:
        first_tag = description["source"][0] - len(description["target_versions"])
    valid, scored = (
        read_parallel(*ids, split, description["direction"], first_tag)
        for split in ("valid", settings["split"])
    )
    nll = nll_per_token(model, scored, size)
    return {
        "epochs": description["epochs"],
        "best_epoch": description["best_epoch"],
        "parameters": description["parameters"],
        "validation_loss": greedy_validation(model, valid, size).loss,
        "nll_per_token": nll,
        "perplexity": math.exp(nll),
        **score(hypotheses, [s.reference for s in sentences], references, lowercase),
        **token_rates([row.tokens for row in translations]),
        "bleu_statistics": bleu_statistics(
            hypotheses, [[s.reference] for s in sentences], lowercase
        ).tolist(),
    }
