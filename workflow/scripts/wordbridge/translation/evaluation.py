"""All scores of one trained translator."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from wordbridge.corpus.batches import read_parallel
from wordbridge.corpus.tokenized import TokenizedPair
from wordbridge.errors import InputError
from wordbridge.translation.references import evaluation_sentences
from wordbridge.translation.scores import score, token_rates
from wordbridge.translation.significance import bleu_statistics
from wordbridge.translation.translations import Translation
from wordbridge.translation.translator import Translator
from wordbridge.translation.validation import VALIDATION_SCALE, free_run, nll_per_token


def evaluate(
    model: Translator,
    description: Mapping[str, Any],
    ids: tuple[str, str],
    pairs: Sequence[TokenizedPair],
    made: Sequence[Translation],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the record of all scores: of the translations ``made``, and of the model's losses.

    ``description`` is the JSON beside the model; ``ids`` are the French and the English file;
    ``settings`` has part and lowercase. Losses are those of the valid part as the lesson has them;
    likelihood and perplexity are those of the scored part. Raises InputError when the
    translations are of other texts.
    """
    source, target = description["direction"].split("-")
    rows = [pair._asdict() for pair in pairs]
    sentences = evaluation_sentences(rows, source, target, settings["part"])
    if [sentence.source for sentence in sentences] != [one.source for one in made]:
        raise InputError(
            "the translations are of other texts than the part to score; translate them again"
        )
    hypotheses = [one.hypothesis for one in made]
    references = [list(sentence.references) for sentence in sentences]
    lowercase = settings["lowercase"]
    size = int(description["settings"]["training"]["batch_size"] * VALIDATION_SCALE)
    first_tag = None
    if description["target_versions"]:
        first_tag = description["source"][0] - len(description["target_versions"])
    valid, scored = (
        read_parallel(*ids, part, description["direction"], first_tag)
        for part in ("valid", settings["part"])
    )
    nll = nll_per_token(model, scored, size)
    return {
        "epochs": description["epochs"],
        "best_epoch": description["best_epoch"],
        "parameters": description["parameters"],
        "validation_loss": free_run(model, valid, size).loss,
        "nll_per_token": nll,
        "perplexity": math.exp(nll),
        **score(hypotheses, [s.reference for s in sentences], references, lowercase),
        **token_rates([one.tokens for one in made]),
        "bleu_statistics": bleu_statistics(
            hypotheses, [[s.reference] for s in sentences], lowercase
        ).tolist(),
    }
