"""The trained models in a folder of results, and the choice of one.

A trained model of a finished run, which translates new texts as the run translated its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch

from wordbridge.corpus.batches import DIRECTIONS
from wordbridge.corpus.pairs import TokenizedPair, one_line
from wordbridge.corpus.special_tokens import UNK
from wordbridge.corpus.tokenizer import TokenRules, tokenize
from wordbridge.corpus.vocabulary import Vocabulary, read_vocabulary
from wordbridge.errors import InputError
from wordbridge.files import read_json, read_records
from wordbridge.translation.decoding import DecodingSettings
from wordbridge.translation.translate import translate_split
from wordbridge.translation.translator import Translator, read_translator

Run = tuple[str, int]  # variant and seed


def read_usage(results: Path) -> dict[str, Any]:
    """Return what the workflow wrote of how the translators in ``results`` are used, and which.

    Raises InputError when it is missing or damaged.
    """
    path, remedy = results / "config.json", "run snakemake with this experiment's configuration"
    if not path.is_file():
        raise InputError(f"{path}: expected the settings of a finished run, got no file; {remedy}")
    keys = ("decoding", "rules", "tokenizer", "variants", "seeds")
    return read_json(path, "the settings of a finished run", remedy, keys)


def trained_runs(results: Path) -> list[Run]:
    """Return the variant and seed of every model in ``results`` that is the run's own, sorted.

    Others were left there by earlier configurations, whose words had other numbers perhaps.
    Raises InputError when there is none.
    """
    runs = runs_of(results.glob("translators/*/*/model.safetensors"))
    if not runs:
        got = "none" if results.is_dir() else "a file" if results.exists() else "no such folder"
        raise InputError(
            f"{results}: expected trained translators, got {got}; run snakemake first, or name "
            "the folder of another experiment with --results"
        )
    usage = read_usage(results)
    own = [run for run in runs if run[0] in usage["variants"] and run[1] in usage["seeds"]]
    if not own:
        got = ", ".join(f"{variant}/{seed}" for variant, seed in runs)
        raise InputError(
            f"{results}: expected translators of its last configuration, got {got} of an earlier "
            "one; run snakemake again"
        )
    return own


def runs_of(models: Iterable[str | Path]) -> list[Run]:
    """Return the variant and seed of each model VARIANT/SEED/model.safetensors, sorted."""
    named = (Path(path).parts[-3:-1] for path in models)
    # A folder of another name is none of the workflow's.
    return sorted((variant, int(seed)) for variant, seed in named if seed.isdecimal())


def runs_out_of(results: Path, language: str) -> list[Run]:
    """Return those of the trained runs that translate out of ``language``, "fr" or "en".

    Raises InputError when there is none.
    """
    found = [run for run in trained_runs(results) if _direction(results, run)[:2] == language]
    if not found:
        raise InputError(
            f"{results}: expected a translator out of {language}, got others only; "
            "train a variant of that direction"
        )
    return found


def best_run(results: Path, runs: Sequence[Run]) -> Run:
    """Return that one of ``runs`` with the highest BLEU, the first where nothing is scored yet."""
    return max(runs, key=lambda run: _bleu(results, run))  # the first of equals


def choose_run(results: Path, variant: str | None = None, seed: int | None = None) -> Run:
    """Return the trained variant and seed with the highest BLEU, among those asked for.

    Where nothing is scored yet the first one is taken. Raises InputError when none fits.
    """
    runs = trained_runs(results)
    if variant is not None:
        runs = [run for run in runs if run[0] == variant] or _none(
            "variant", variant, [name for name, _ in runs], results
        )
    if seed is not None:
        runs = [run for run in runs if run[1] == seed] or _none(
            "seed", str(seed), [str(number) for _, number in runs], results
        )
    return best_run(results, runs)


def _direction(results: Path, run: Run) -> str:
    path = results / "translators" / run[0] / str(run[1]) / "settings.json"
    found = read_json(path, "settings of a translator", "train it again", ("direction",))
    return str(found["direction"])


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


def _none(kind: str, wanted: str, known: Sequence[str], results: Path) -> list[Run]:
    names = list(dict.fromkeys(known))
    near = get_close_matches(wanted, names, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else "choose one of them or train it"
    raise InputError(f"{results}: expected a {kind} of {', '.join(names)}, got {wanted}; {hint}")


LONGEST = 10_000  # characters of a text; no question is as long, and memory grows with it
_SPLIT = "test"  # translate_split wants a split's name; which one makes no difference here


@dataclass(frozen=True)
class Interpretation:
    """What became of one text; ``log_probability`` in nats, of the whole translation.

    ``unknown`` are the source's tokens that the model has no number for.
    """

    source: str
    translation: str
    log_probability: float
    unknown: list[str]


@dataclass(frozen=True)
class Interpreter:
    """A model with all that it takes to get from a text to a text.

    ``description`` is the JSON beside the model; ``usage`` has tokenizer, rules and decoding, as
    the rule record_config wrote them; ``pieces`` are the SentencePiece models by language, if these
    are the tokenizer.
    """

    model: Translator
    description: Mapping[str, Any]
    vocabularies: Mapping[str, Vocabulary]
    usage: Mapping[str, Any]
    pieces: Mapping[str, bytes]

    def interpret(
        self, texts: Sequence[str], beam: int | None = None, version: str | None = None
    ) -> list[Interpretation]:
        """Return a translation of each text.

        ``beam`` replaces the run's own width; ``version`` is one of those that a model trained
        with tags can translate into, its first if left out. Raises InputError for another, and for
        a text of more than ``LONGEST`` characters.
        """
        version = self._wanted(version)
        plain = [one_line(_checked(text)) for text in texts]
        decoding = dict(self.usage["decoding"])
        if beam is not None:
            decoding["beam"] = beam
        rows = [row for row in self._rows(plain, version) if row.fr_tokens or row.en_tokens]
        settings = {"split": _SPLIT, "tokenizer": self.usage["tokenizer"], "decoding": decoding}
        made = {}
        if rows:
            found, _ = translate_split(
                self.model, self.description, rows, self.vocabularies, settings
            )
            made = {one.source: one for one in found}
        source = self.vocabularies[self._language]
        tags = 1 if self.description["target_versions"] else 0  # in front of each text's tokens
        results = []
        for text in plain:
            one = made.get(text)
            if one is None:
                results.append(Interpretation(text, "", 0.0, []))
                continue
            words = one.source_tokens[tags:]
            numbered = zip(words, source.ids(words), strict=True)
            unknown = [word for word, number in numbered if number == UNK]
            results.append(Interpretation(text, one.hypothesis, one.log_probability, unknown))
        return results

    def _wanted(self, version: str | None) -> str:
        """Return the version to translate into, "" of a model without tags."""
        versions = self.description["target_versions"]
        if version is not None and not versions:
            raise InputError(
                f"version {version!r}: expected none, because this model was trained without "
                "tags of versions; leave it out"
            )
        return "".join(versions[:1]) if version is None else version

    @property
    def _language(self) -> str:
        return str(self.description["direction"]).split("-")[0]

    def _rows(self, texts: Sequence[str], version: str) -> list[TokenizedPair]:
        """Return ``texts`` with their tokens as pairs of which the other side is empty."""
        language = self._language
        tokens = tokenize(texts, language, TokenRules(**self.usage["rules"]))
        if self.pieces:
            from wordbridge.corpus.subwords import segment_texts

            tokens = segment_texts([" ".join(words) for words in tokens], self.pieces[language])
        rows = []
        for number, (text, words) in enumerate(zip(texts, tokens, strict=True)):
            given: tuple[str, list[str]] = (text, words)
            fr, en = (given, ("", [])) if language == "fr" else (("", []), given)
            texts_and_tokens = (fr[0], en[0], fr[1], en[1])
            rows.append(TokenizedPair(str(number), "", *texts_and_tokens, _SPLIT, version, version))
        return rows


def read_interpreter(results: Path, variant: str, seed: int, device: torch.device) -> Interpreter:
    """Return the model of ``variant`` and ``seed`` in the folder ``results``, on ``device``.

    Raises InputError when a file is missing or damaged, or the files do not belong together.
    """
    folder = results / "translators" / variant / str(seed)
    usage = _usage(results)
    model, description = read_translator(
        folder / "model.safetensors", folder / "settings.json", device
    )
    vocabularies = {
        language: read_vocabulary(results / "vocabulary" / f"{language}.tsv")
        for language in ("fr", "en")
    }
    direction = description.get("direction")
    if direction not in DIRECTIONS or not isinstance(description.get("target_versions"), list):
        raise InputError(
            f"{folder}: expected target_versions and a direction of {', '.join(DIRECTIONS)}, got "
            f"{direction!r} or no versions; train the translator again"
        )
    tags = {"source": len(description["target_versions"]), "target": 0}
    for side, language in zip(tags, direction.split("-"), strict=True):
        words = description[side][0] - tags[side]
        if words != len(vocabularies[language]):
            raise InputError(
                f"{folder}: expected a model for {len(vocabularies[language])} words of {language} "
                f"as in {results / 'vocabulary'}, got one for {words}; "
                "the run is unfinished, so run snakemake again"
            )
    return Interpreter(model, description, vocabularies, usage, _pieces(results, usage))


def _usage(results: Path) -> dict[str, Any]:
    usage = read_usage(results)
    try:
        TokenRules(**usage["rules"])
        options = dict(usage["decoding"])
        del options["replace_unknown"]  # the one that is not the search's
        DecodingSettings(**options)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{results / 'config.json'}: expected rules and decoding as this version has them "
            f"({error!r}); run snakemake with this experiment's configuration"
        ) from None
    return usage


def _checked(text: str) -> str:
    if len(text) > LONGEST:
        raise InputError(
            f"{text[:30]!r}...: expected a text of at most {LONGEST} characters, got {len(text)}; "
            "give it sentence by sentence, one a line"
        )
    return text


def _pieces(results: Path, usage: Mapping[str, Any]) -> dict[str, bytes]:
    if usage["tokenizer"] != "sentencepiece":
        return {}
    from wordbridge.corpus.subwords import read_sentencepiece

    return {
        name: read_sentencepiece(results / "subwords" / f"{name}.model") for name in ("fr", "en")
    }
