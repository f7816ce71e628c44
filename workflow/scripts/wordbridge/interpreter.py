"""A trained model of a finished run, which translates new texts as the run translated its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from wordbridge.corpus.batches import DIRECTIONS
from wordbridge.corpus.pairs import one_line
from wordbridge.corpus.specials import UNK
from wordbridge.corpus.tokenized import TokenizedPair
from wordbridge.corpus.tokens import TokenRules, tokenize
from wordbridge.corpus.vocabulary import Vocabulary, read_vocabulary
from wordbridge.errors import InputError
from wordbridge.trained import read_usage
from wordbridge.translation.decoding import DecodingSettings
from wordbridge.translation.part import translate_part
from wordbridge.translation.saved import read_translator
from wordbridge.translation.translator import Translator

LONGEST = 10_000  # characters of a text; no question is as long, and memory grows with it
_PART = "test"  # translate_part wants a part's name; which one makes no difference here


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
    the rule record_usage wrote them; ``pieces`` are the SentencePiece models by language, if these
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
        settings = {"part": _PART, "tokenizer": self.usage["tokenizer"], "decoding": decoding}
        made = {}
        if rows:
            found, _ = translate_part(
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
            from wordbridge.corpus.subwords import cut_texts

            tokens = cut_texts([" ".join(words) for words in tokens], self.pieces[language])
        rows = []
        for number, (text, words) in enumerate(zip(texts, tokens, strict=True)):
            given: tuple[str, list[str]] = (text, words)
            fr, en = (given, ("", [])) if language == "fr" else (("", []), given)
            texts_and_tokens = (fr[0], en[0], fr[1], en[1])
            rows.append(TokenizedPair(str(number), "", *texts_and_tokens, _PART, version, version))
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
            f"{results / 'usage.json'}: expected rules and decoding as this version has them "
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
    from wordbridge.corpus.subwords import read_pieces

    return {name: read_pieces(results / "pieces" / f"{name}.model") for name in ("fr", "en")}
