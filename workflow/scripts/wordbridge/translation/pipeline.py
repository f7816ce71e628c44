"""Translation of new texts with a trained model, and the choice of one in a results folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch

from wordbridge.corpus.batches import DIRECTIONS
from wordbridge.corpus.pairs import one_line
from wordbridge.corpus.special_tokens import UNK
from wordbridge.corpus.tokenizer import TokenRules, tokenize
from wordbridge.corpus.vocabulary import Vocabulary, read_vocabulary
from wordbridge.errors import InputError
from wordbridge.files import read_json, read_records
from wordbridge.translation.translate import translate_tokens
from wordbridge.translation.translator import Translator, read_translator

MAX_CHARACTERS = 10_000  # of a text; memory grows with it

Run = tuple[str, int]  # variant and seed


@dataclass(frozen=True)
class TextTranslation:
    """The translation of one text; ``log_probability`` in nats, of the whole translation.

    ``unknown`` are the source tokens that are not in the model's vocabulary.
    """

    source: str
    translation: str
    log_probability: float
    unknown: list[str]


@dataclass(frozen=True)
class TranslationPipeline:
    """A model with everything between a text and its translation.

    ``description`` is the JSON of the model; ``config`` has tokenizer, rules and decoding of the
    run; ``subwords`` are the SentencePiece models by language, if these are the tokenizer.
    """

    model: Translator
    description: Mapping[str, Any]
    vocabularies: Mapping[str, Vocabulary]
    config: Mapping[str, Any]
    subwords: Mapping[str, bytes]

    @property
    def language(self) -> str:
        """Return the source language, "fr" or "en"."""
        return str(self.description["direction"]).split("-")[0]

    def translate(
        self, texts: Sequence[str], beam: int | None = None, version: str | None = None
    ) -> list[TextTranslation]:
        """Return a translation of each text.

        ``beam`` overrides the run's width; ``version`` is one of those that a model with tags
        translates into, by default the first. Raises InputError for another, and for a text of
        more than ``MAX_CHARACTERS``.
        """
        version = self._version(version)
        lines = [one_line(_checked(text)) for text in texts]
        token_lists = self._tokens(lines)
        decoding = {**self.config["decoding"], **({} if beam is None else {"beam": beam})}
        filled = [index for index, tokens in enumerate(token_lists) if tokens]
        outputs = translate_tokens(
            self.model,
            self.description,
            [token_lists[index] for index in filled],
            [version] * len(filled),
            self.vocabularies,
            {"tokenizer": self.config["tokenizer"], "decoding": decoding},
        )
        results = [TextTranslation(line, "", 0.0, []) for line in lines]
        vocabulary = self.vocabularies[self.language]
        for index, output in zip(filled, outputs, strict=True):
            tokens = token_lists[index]
            ids = zip(tokens, vocabulary.ids(tokens), strict=True)
            unknown = [token for token, number in ids if number == UNK]
            score = output.log_probability
            results[index] = TextTranslation(lines[index], output.text, score, unknown)
        return results

    def _version(self, version: str | None) -> str:
        """Return the version to translate into, "" for a model without tags."""
        versions = self.description["target_versions"]
        if version is not None and not versions:
            raise InputError(
                f"edition {version!r}: expected none, because this model was trained without "
                "edition tags; leave it out"
            )
        return "".join(versions[:1]) if version is None else version

    def _tokens(self, texts: Sequence[str]) -> list[list[str]]:
        tokens = tokenize(texts, self.language, TokenRules(**self.config["rules"]))
        if not self.subwords:
            return tokens
        from wordbridge.corpus.subwords import segment_texts

        return segment_texts([" ".join(words) for words in tokens], self.subwords[self.language])


def read_pipeline(
    results: Path, variant: str, seed: int, device: torch.device
) -> TranslationPipeline:
    """Return the model of ``variant`` and ``seed`` in the folder ``results``, on ``device``.

    Raises InputError when a file is missing or damaged, or the files do not belong together.
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
    _check_sizes(results, folder, description, vocabularies)
    subwords = {}
    if config["tokenizer"] == "sentencepiece":
        from wordbridge.corpus.subwords import read_sentencepiece

        subwords = {n: read_sentencepiece(results / "subwords" / f"{n}.model") for n in languages}
    return TranslationPipeline(model, description, vocabularies, config, subwords)


def _check_sizes(
    results: Path,
    folder: Path,
    description: Mapping[str, Any],
    vocabularies: Mapping[str, Vocabulary],
) -> None:
    """Raise InputError unless the model has the directions and vocabularies of the run."""
    direction, versions = description.get("direction"), description.get("target_versions")
    if direction not in DIRECTIONS or not isinstance(versions, list):
        raise InputError(
            f"{folder}: expected target_versions and a direction of {', '.join(DIRECTIONS)}, got "
            f"{direction!r} or no versions; train the translator again"
        )
    tags = {"source": len(versions), "target": 0}
    for side, language in zip(tags, direction.split("-"), strict=True):
        words = description[side][0] - tags[side]
        if words != len(vocabularies[language]):
            raise InputError(
                f"{folder}: expected a model for {len(vocabularies[language])} words of {language} "
                f"as in {results / 'vocabulary'}, got one for {words}; "
                "the run is unfinished, so run snakemake again"
            )


def _checked(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            f"{text[:30]!r}...: expected a text of at most {MAX_CHARACTERS} characters, got "
            f"{len(text)}; give it sentence by sentence, one a line"
        )
    return text


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

    Models of earlier configurations may have other vocabularies. Raises InputError without any.
    """
    models = (path.parts[-3:-1] for path in results.glob("translators/*/*/model.safetensors"))
    # The workflow makes no folder of another form.
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


def runs_from_language(results: Path, language: str) -> list[Run]:
    """Return the runs that translate from ``language``, "fr" or "en"; InputError without any."""
    runs = [run for run in find_runs(results) if _direction(results, run)[:2] == language]
    if not runs:
        raise InputError(
            f"{results}: expected a translator from {language}, got others only; "
            "train a variant of that direction"
        )
    return runs


def best_run(results: Path, runs: Sequence[Run]) -> Run:
    """Return the run with the highest BLEU, the first one where nothing is scored yet."""
    return max(runs, key=lambda run: _bleu(results, run))  # the first of equals


def choose_run(results: Path, variant: str | None = None, seed: int | None = None) -> Run:
    """Return the run with the highest BLEU, of a variant or a seed if these are not None.

    Raises InputError when there is none.
    """
    runs = find_runs(results)
    if variant is not None:
        names = [name for name, _ in runs]
        runs = [run for run in runs if run[0] == variant]
        if not runs:
            raise _unknown("variant", variant, names, results)
    if seed is not None:
        seeds = [str(number) for _, number in runs]
        runs = [run for run in runs if run[1] == seed]
        if not runs:
            raise _unknown("seed", str(seed), seeds, results)
    return best_run(results, runs)


def _direction(results: Path, run: Run) -> str:
    path = results / "translators" / run[0] / str(run[1]) / "settings.json"
    return str(
        read_json(path, "settings of a translator", "train it again", ("direction",))["direction"]
    )


def _bleu(results: Path, run: Run) -> float:
    path = results / "scores" / run[0] / f"{run[1]}.json"
    if not path.is_file():
        return -1.0
    bleu = read_records([path])[0].get("bleu_single")
    if not isinstance(bleu, int | float):
        raise InputError(
            f"{path}: expected a number bleu_single, got {bleu!r}; score the run again, or choose "
            "with --variant and --seed"
        )
    return float(bleu)


def _unknown(kind: str, value: str, options: Sequence[str], results: Path) -> InputError:
    names = list(dict.fromkeys(options))
    near = get_close_matches(value, names, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else "choose one of them or train it"
    return InputError(f"{results}: expected a {kind} of {', '.join(names)}, got {value}; {hint}")
