"""Translation of new texts with a trained model, and the choice of a model among the results."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from spacy.tokenizer import Tokenizer

from wordbridge.corpus.batches import DIRECTIONS
from wordbridge.corpus.special_tokens import UNK
from wordbridge.corpus.tokenizer import read_tokenizer, tokenize_texts
from wordbridge.corpus.vocabulary import Vocabulary, read_vocabulary
from wordbridge.errors import InputError
from wordbridge.files import read_json
from wordbridge.text import one_line
from wordbridge.translation.decoder import EncoderDecoder
from wordbridge.translation.translate import translate_tokens
from wordbridge.translation.translations import Translation
from wordbridge.translation.translator import read_translator

MAX_CHARACTERS = 10_000  # of a text; memory grows with it
# Surrogates are bytes that are not UTF-8, as Python reads arguments and standard input.
_NO_TEXT = re.compile("[\\0\ud800-\udfff]|\\r(?!\\n)")

Run = tuple[str, int]  # variant and seed


@dataclass(frozen=True)
class TextTranslation:
    """The translation of one text; ``log_probability`` in nats, of the whole translation.

    ``unknown`` are the source tokens that are not in the model's vocabulary. ``error`` is the
    reason why the text has no translation, or "". ``output`` has the tokens and attention of the
    model.
    """

    source: str
    translation: str
    log_probability: float
    unknown: list[str]
    error: str = ""
    output: Translation | None = field(default=None, repr=False, compare=False)

    def record(self) -> dict[str, Any]:
        """Return the translation as a JSON object, without the model's output."""
        return {name: value for name, value in vars(self).items() if name != "output"}


@dataclass(frozen=True)
class TranslationPipeline:
    """A model with everything between a text and its translation.

    ``description`` is the JSON of the model; ``config`` has tokenizer, rules and decoding of the
    run; ``tokenizer`` is spaCy's of the source language; ``subwords`` are the SentencePiece models
    by language, if these are the tokenizer.
    """

    model: EncoderDecoder
    description: Mapping[str, Any]
    vocabularies: Mapping[str, Vocabulary]
    config: Mapping[str, Any]
    tokenizer: Tokenizer
    subwords: Mapping[str, bytes]

    @property
    def language(self) -> str:
        """Return the source language, "fr" or "en"."""
        return str(self.description["direction"]).split("-")[0]

    def translate(
        self, texts: Sequence[str], beam: int | None = None, edition: str | None = None
    ) -> list[TextTranslation]:
        """Return a translation of each text, empty with an ``error`` if there is none.

        ``beam`` overrides the beam width of the run; ``edition`` is one of the target versions of a
        model with tags, by default the first. Raises InputError for another edition.
        """
        editions = self.description["target_versions"] or [""]
        if edition is None:
            edition = editions[0]
        if edition not in editions:
            expected = ", ".join(editions) or "none"
            raise InputError(
                f"edition {edition!r}: expected {expected}, the version tags that the model was "
                "trained with; choose one of these, or leave it out"
            )
        texts = [texts] if isinstance(texts, str) else texts
        errors = [_problem(text) for text in texts]
        lines = [one_line(str(text).encode(errors="replace").decode()) for text in texts]
        token_lists = self._tokens(
            ["" if error else line for error, line in zip(errors, lines, strict=True)]
        )
        decoding = dict(self.config["decoding"])
        if beam is not None:
            decoding["beam"] = beam
        filled = [index for index, tokens in enumerate(token_lists) if tokens]
        outputs = translate_tokens(
            self.model,
            self.description,
            [token_lists[index] for index in filled],
            [edition] * len(filled),
            self.vocabularies,
            {**self.config, "decoding": decoding},
        )
        results = [
            TextTranslation(line, "", 0.0, [], error or "expected words, got none")
            for line, error in zip(lines, errors, strict=True)
        ]
        vocabulary = self.vocabularies[self.language]
        for index, output in zip(filled, outputs, strict=True):
            tokens = token_lists[index]
            ids = zip(tokens, vocabulary.ids(tokens), strict=True)
            unknown = [token for token, token_id in ids if token_id == UNK]
            text, score = output.hypothesis, output.log_probability
            results[index] = TextTranslation(lines[index], text, score, unknown, output=output)
        return results

    def _tokens(self, texts: Sequence[str]) -> list[list[str]]:
        tokens = tokenize_texts(texts, self.tokenizer, self.config["rules"])
        if not self.subwords:
            return tokens
        from wordbridge.corpus.subwords import segment_texts

        return segment_texts([" ".join(words) for words in tokens], self.subwords[self.language])


def read_pipeline(
    results: Path, variant: str, seed: int, device: torch.device
) -> TranslationPipeline:
    """Return the model of ``variant`` and ``seed`` in the folder ``results``, on ``device``.

    Raises InputError when a file is missing or damaged.
    """
    folder, config = results / "translators" / variant / str(seed), read_config(results)
    model, description = read_translator(
        folder / "model.safetensors", folder / "settings.json", device
    )
    languages = ("fr", "en")
    vocabularies = {
        language: read_vocabulary(results / "vocabulary" / f"{language}.tsv")
        for language in languages
    }
    direction, versions = description.get("direction"), description.get("target_versions")
    if direction not in DIRECTIONS or not isinstance(versions, list):
        raise InputError(
            f"{folder}: expected target_versions and a direction of {', '.join(DIRECTIONS)}, got "
            f"{direction!r} or no versions; train the translator again"
        )
    source = str(direction).split("-")[0]
    tokenizer = read_tokenizer(results / "tokens" / f"{source}.tokenizer")
    subwords = {}
    if config["tokenizer"] == "sentencepiece":
        from wordbridge.corpus.subwords import read_sentencepiece

        subwords = {n: read_sentencepiece(results / "subwords" / f"{n}.model") for n in languages}
    return TranslationPipeline(model, description, vocabularies, config, tokenizer, subwords)


def _problem(text: object) -> str:
    """Return why ``text`` cannot be translated, "" if it can."""
    if not isinstance(text, str):
        return f"expected a text, got {type(text).__name__}"
    if match := _NO_TEXT.search(text):
        code = ord(match[0])  # Python reads a byte that is not UTF-8 as U+DC80 to U+DCFF
        sign = f"byte 0x{code & 0xFF:02x}" if code < 0xD800 or code >> 7 == 0x1B9 else "a surrogate"
        return f"expected UTF-8 text on one line, got {sign} at character {match.start() + 1}"
    if len(text) > MAX_CHARACTERS:
        return (
            f"expected at most {MAX_CHARACTERS} characters, got {len(text)}; "
            "give the text sentence by sentence, one a line"
        )
    return ""


# ---- The trained models in a results folder -----------------------------------------------------


def read_config(results: Path) -> dict[str, Any]:
    """Return the settings of the run in ``results`` that the command line needs.

    Raises InputError when the file is missing or damaged.
    """
    path, remedy = results / "config.json", "run snakemake with this experiment's configuration"
    if not path.is_file():
        raise InputError(f"{path}: expected the settings of a finished run, got no file; {remedy}")
    keys = ("decoding", "rules", "tokenizer", "variants", "seeds")
    return read_json(path, "the settings of a finished run", remedy, keys)


def find_runs(results: Path) -> list[Run]:
    """Return variant and seed of the trained models of the last configuration, sorted.

    Models of earlier configurations may have other vocabularies. Raises InputError when there is
    no model.
    """
    models = (path.parts[-3:-1] for path in results.glob("translators/*/*/model.safetensors"))
    # Folders with another name, such as copies, are not those of the workflow.
    runs = sorted((variant, int(seed)) for variant, seed in models if seed.isdecimal())
    if not runs:
        got = "none" if results.is_dir() else "a file" if results.exists() else "no such folder"
        raise InputError(
            f"{results}: expected trained translators, got {got}; run snakemake first, or name "
            "the folder of another experiment with --results"
        )
    config = read_config(results)
    current = [run for run in runs if run[0] in config["variants"] and run[1] in config["seeds"]]
    if not current:
        got = ", ".join(f"{variant}/{seed}" for variant, seed in runs)
        raise InputError(
            f"{results}: expected translators of its last configuration, got {got} of an earlier "
            "one; run snakemake again"
        )
    return current


def choose_run(results: Path, variant: str | None = None, seed: int | None = None) -> Run:
    """Return the run with the highest BLEU, of ``variant`` and ``seed`` if these are given.

    The first of equals is returned; runs without a score come last. Raises InputError when there is
    no such run.
    """
    runs = find_runs(results)
    for position, (kind, value) in enumerate((("variant", variant), ("seed", seed))):
        if value is not None:
            options = dict.fromkeys(str(run[position]) for run in runs)
            runs = [run for run in runs if run[position] == value]
            if not runs:
                near = get_close_matches(str(value), options, n=1, cutoff=0.4)
                hint = f"did you mean {near[0]}?" if near else "choose one of them or train it"
                raise InputError(
                    f"{results}: expected a {kind} of {', '.join(options)}, got {value}; {hint}"
                )
    return max(runs, key=lambda run: _bleu(results, run))


def _bleu(results: Path, run: Run) -> float:
    path = results / "scores" / run[0] / f"{run[1]}.json"
    if not path.is_file():
        return -1.0
    remedy = "score the run again, or choose with --variant and --seed"
    return float(read_json(path, "the scores of a run", remedy, ["bleu_single"])["bleu_single"])
