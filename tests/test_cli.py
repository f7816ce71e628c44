"""The command line, on tiny models with random weights."""

import errno
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.main import get_command
from typer.testing import CliRunner, Result

from tests.settings import defaults
from tests.translation.toys import decoding_settings, model_settings
from wordbridge.cli import app
from wordbridge.corpus.detokenizer import detokenize
from wordbridge.corpus.special_tokens import EOS, SPECIALS
from wordbridge.corpus.subwords import segment_texts, train_sentencepiece, write_sentencepiece
from wordbridge.corpus.tokenizer import write_tokenizer
from wordbridge.corpus.vocabulary import Vocabulary, read_vocabulary, write_vocabulary
from wordbridge.errors import InputError
from wordbridge.files import write_json
from wordbridge.search.engine import SearchEngine
from wordbridge.tensors import SavedModel, copy_weights, write_model
from wordbridge.translation.decoding import translate_ids
from wordbridge.translation.pipeline import read_pipeline
from wordbridge.translation.translator import Translator

FRENCH = ["où", "est", "la", "gare", "?", "qui", "vient"]
ENGLISH = ["where", "is", "the", "station", "who", "comes", "?", "now", "here"]
DECODING = defaults("decoding") | {"batch_size": 4, "no_repeat_ngram_size": 2, "max_steps": 6}
USAGE = {
    "decoding": DECODING,
    "rules": defaults("tokens.rules") | {"white_space": True},
    "variants": ["plain", "turned", "tagged"],
    "seeds": [2, 3, 8, 10],
}
MODEL = model_settings(hidden=5, layers=1, attention=True)
VERSIONS = ["king", "basic", "world"]
Cli = Callable[..., Result]


def model_of(sizes: tuple[int, int], seed: int) -> Translator:
    """Return a model with random weights for the numbers of source and target words."""
    torch.manual_seed(seed)
    source, target = torch.randn(sizes[0], 6), torch.randn(sizes[1], 8)
    return Translator(MODEL, source, target).eval()


def save(
    results: Path,
    variant: str,
    seed: int,
    direction: str,
    bleu: float,
    versions: Sequence[str] = (),
) -> None:
    """Write a model and its score as the workflow does."""
    sides = [len(read_vocabulary(results / f"vocabulary/{s}.tsv")) for s in direction.split("-")]
    sides[0] += len(versions)
    folder = results / "translators" / variant / str(seed)
    description = {
        "direction": direction,
        "target_versions": list(versions),
        "settings": {"model": vars(MODEL)},
        "source": [sides[0], 6],
        "target": [sides[1], 8],
    }
    model = model_of((sides[0], sides[1]), seed)
    saved = SavedModel(copy_weights(model), description)
    write_model(saved, folder / "model.safetensors", folder / "settings.json")
    write_json(results / f"scores/{variant}/{seed}.json", {"bleu_single": bleu})


def save_vocabulary(results: Path, language: str, words: list[str]) -> None:
    every = (*SPECIALS, *words)
    write_vocabulary(
        Vocabulary(every, (0,) * 4 + (2,) * len(words)), results / f"vocabulary/{language}.tsv"
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return results with the variants plain (seeds 2 and 10), turned (3) and tagged (8)."""
    return finish(tmp_path_factory.mktemp("results"))


def finish(results: Path) -> Path:
    """Write the files of a finished run that ``translate`` reads, and return the folder."""
    save_vocabulary(results, "fr", FRENCH)
    save_vocabulary(results, "en", ENGLISH)
    for language in ("fr", "en"):
        write_tokenizer(results / f"tokens/{language}.tokenizer", language)
    write_json(results / "config.json", {**USAGE, "tokenizer": "spacy"})
    save(results, "plain", 2, "fr-en", bleu=7.5)
    save(results, "plain", 10, "fr-en", bleu=9.5)
    save(results, "turned", 3, "en-fr", bleu=8.5)
    save(results, "tagged", 8, "fr-en", bleu=6.5, versions=VERSIONS)
    return results


@pytest.fixture
def results(finished: Path, tmp_path: Path) -> Path:
    """Return a copy of the results for tests that damage it."""
    return shutil.copytree(finished, tmp_path / "results")


@pytest.fixture(scope="module")
def wordbridge() -> Cli:
    """Run the command: ``wordbridge("translate", ..., results=folder, stdin=text)``."""

    def run(*words: str, results: Path | None = None, stdin: str | bytes | None = None) -> Result:
        options = [] if results is None else ["--results", str(results)]
        return CliRunner().invoke(app, [*words, *options], input=stdin)

    return run


def expected(
    tokens: list[str], seed: int, direction: str = "fr-en", beam: int = 1, tag: int | None = None
) -> str:
    """Return the translation of tokens by a saved model, from its decoder alone."""
    words = {"fr": [*SPECIALS, *FRENCH], "en": [*SPECIALS, *ENGLISH]}
    source, target = direction.split("-")
    tags = 0 if tag is None else len(VERSIONS)
    model = model_of((len(words[source]) + tags, len(words[target])), seed)
    ids = [] if tag is None else [len(words[source]) + tag]
    ids += [words[source].index(token) if token in words[source] else 3 for token in tokens]
    (hypothesis,) = translate_ids(
        model,
        [np.array([*ids, EOS])],
        decoding_settings(beam=beam, max_steps=6, no_repeat_ngram_size=2),
    )
    return detokenize([words[target][number] for number in hypothesis.ids], target)


GARE = ["où", "est", "la", "gare", "?"]


def test_each_text_becomes_one_line(finished: Path, wordbridge: Cli):
    run = wordbridge("translate", "Où est la gare ?", "Qui\tvient ?", results=finished)
    assert run.exit_code == 0, run.stderr
    assert run.stdout.splitlines() == [expected(GARE, 10), expected(["qui", "vient", "?"], 10)]
    assert run.stderr == ""


def test_a_terminal_shows_each_text_above_its_translation(
    finished: Path, wordbridge: Cli, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("wordbridge.cli._on_terminal", lambda: True)
    run = wordbridge("translate", "Où est la gare ?", results=finished)
    assert run.stdout.splitlines() == ["Où est la gare ?", f"    {expected(GARE, 10)}"]


def test_lines_of_stdin_keep_their_order_and_empty_lines_stay_empty(
    finished: Path, wordbridge: Cli
):
    lines = ["Qui vient ?", "", "Où est la gare ?", "  ", "Qui vient ?"] * 30
    run = wordbridge("translate", results=finished, stdin="\n".join(lines) + "\n")
    who, where = expected(["qui", "vient", "?"], 10), expected(GARE, 10)
    assert run.stdout.splitlines() == [who, "", where, "", who] * 30


def test_without_lines_nothing_is_printed(finished: Path, wordbridge: Cli):
    run = wordbridge("translate", results=finished, stdin="")
    assert (run.exit_code, run.output) == (0, "")


def test_scores_follow_a_tab(finished: Path, wordbridge: Cli):
    run = wordbridge("translate", "Qui vient ?", "", "--scores", results=finished)
    text, score = run.stdout.removesuffix("\n\t\n").split("\t")
    assert text == expected(["qui", "vient", "?"], 10)
    assert float(score) < 0


def test_json_has_one_object_per_hit_text(finished: Path, wordbridge: Cli):
    run = wordbridge("translate", "Où est l'été ?", "", "--json", results=finished)
    first, second = map(json.loads, run.stdout.splitlines())
    assert first == {
        "source": "Où est l'été ?",
        "translation": expected(["où", "est", "l'", "été", "?"], 10),
        "log_probability": pytest.approx(first["log_probability"]),
        "unknown": ["l'", "été"],
        "error": "",
    }
    assert second == {
        "source": "",
        "translation": "",
        "log_probability": 0.0,
        "unknown": [],
        "error": "expected words, got none",
    }


def test_unknown_words_are_listed_on_stderr(finished: Path, wordbridge: Cli):
    run = wordbridge("translate", "Qui vient ?", "Où est Rome ?", results=finished)
    assert run.stderr == "unknown: rome (in: Où est Rome ?)\n"
    assert len(run.stdout.splitlines()) == 2


def test_the_model_determines_the_direction(finished: Path, wordbridge: Cli):
    run = wordbridge("translate", "Who comes?", "--variant", "turned", results=finished)
    assert run.stdout.rstrip("\n") == expected(["who", "comes", "?"], 3, "en-fr")


@pytest.mark.parametrize(
    ("options", "seed"),
    [([], 10), (["--variant", "plain"], 10), (["--seed", "2"], 2), (["--seed", "10"], 10)],
)
def test_the_default_is_the_model_with_the_highest_bleu(
    finished: Path, wordbridge: Cli, options: list[str], seed: int
):
    run = wordbridge("translate", "Où est la gare ?", *options, results=finished)
    assert run.stdout.rstrip("\n") == expected(GARE, seed)


def test_a_french_question_needs_a_translator_from_french(results: Path):
    (results / "search").mkdir()
    assert SearchEngine(results)._translate("Où est la gare ?") == (expected(GARE, 10), "")
    for variant in ("plain", "tagged"):
        shutil.rmtree(results / "translators" / variant)
    with pytest.raises(InputError, match="expected a translator from fr, got one from en"):
        SearchEngine(results)._translate("Où est la gare ?")


def test_models_of_an_earlier_configuration_are_ignored(results: Path, wordbridge: Cli):
    usage = {**USAGE, "tokenizer": "spacy", "variants": ["plain", "tagged"], "seeds": [2, 8]}
    write_json(results / "config.json", usage)
    run = wordbridge("translate", "Où est la gare ?", results=results)
    assert run.stdout.rstrip("\n") == expected(GARE, 2)
    run = wordbridge("translate", "Qui ?", "--variant", "turned", results=results)
    assert "expected a variant of plain, tagged, got turned" in run.stderr
    write_json(results / "config.json", usage | {"seeds": [5]})
    run = wordbridge("translate", "Qui ?", results=results)
    assert "got plain/2, plain/10, tagged/8, turned/3 of an earlier one" in run.stderr


def test_the_default_without_scores_is_the_first_model(results: Path, wordbridge: Cli):
    shutil.rmtree(results / "scores")
    run = wordbridge("translate", "Où est la gare ?", results=results)
    assert run.stdout.rstrip("\n") == expected(GARE, 2)


def test_the_beam_option_replaces_the_experiments_width(finished: Path, wordbridge: Cli):
    run = wordbridge("translate", "Où est la gare ?", "--beam", "3", results=finished)
    assert run.stdout.rstrip("\n") == expected(GARE, 10, beam=3)


@pytest.mark.parametrize(
    ("options", "tag"),
    [([], 0), (["--edition", "king"], 0), (["--edition", "basic"], 1), (["--edition", "world"], 2)],
)
def test_a_model_with_tags_translates_into_the_edition_or_its_first(
    finished: Path, wordbridge: Cli, options: list[str], tag: int
):
    run = wordbridge(
        "translate",
        "Où est Rome ?",
        "",
        "--json",
        "--variant",
        "tagged",
        *options,
        results=finished,
    )
    assert run.exit_code == 0, run.stderr
    first, second = map(json.loads, run.stdout.splitlines())
    worded = [expected(["où", "est", "rome", "?"], 8, tag=each) for each in range(3)]
    assert len(set(worded)) == 3
    assert first["translation"] == worded[tag]
    assert first["unknown"] == ["rome"]
    assert (second["translation"], second["unknown"]) == ("", [])


def test_sentencepiece_models_segment_the_tokens(results: Path, wordbridge: Cli):
    models = {
        name: train_sentencepiece([" ".join(FRENCH), "la gare vient"], 30) for name in ("fr", "en")
    }
    for name, model in models.items():
        write_sentencepiece(results / f"subwords/{name}.model", model)
    pieces = segment_texts(["où est la gare ?"], models["fr"])[0]
    save_vocabulary(results, "fr", list(dict.fromkeys(pieces))[:-1])
    for language in ("fr", "en"):
        write_tokenizer(results / f"tokens/{language}.tokenizer", language)
    write_json(results / "config.json", {**USAGE, "tokenizer": "sentencepiece"})
    save(results, "plain", 10, "fr-en", bleu=9.5)
    run = wordbridge("translate", "Où est la GARE ?", "--json", "--seed", "10", results=results)
    assert run.exit_code == 0, run.stderr
    assert set(json.loads(run.stdout)["unknown"]) >= {pieces[-1]}


@pytest.mark.parametrize(
    ("options", "removed", "message"),
    [
        (["--results", "absent"], None, "absent: expected trained translators, got no such folder"),
        (
            ["--variant", "plane"],
            None,
            "expected a variant of plain, tagged, turned, got plane; did you",
        ),
        (["--seed", "4"], None, "expected a seed of 2, 10, 8, 3, got 4; choose one of them"),
        (
            ["--edition", "king"],
            None,
            "edition 'king': expected none, the version tags that the model was trained with",
        ),
        (
            ["--variant", "tagged", "--edition", "kong"],
            None,
            "edition 'kong': expected king, basic, world, the version tags that the model",
        ),
        ([], "translators", "expected trained translators, got none; run snakemake first"),
        ([], "config.json", "config.json: expected the settings of a finished run, got no file"),
        ([], "vocabulary/fr.tsv", "fr.tsv: no table can be read"),
        ([], "tokens/fr.tokenizer", "fr.tokenizer: expected the tokenizer of a run"),
    ],
)
def test_an_error_is_one_line(
    results: Path, wordbridge: Cli, options: list[str], removed: str | None, message: str
):
    if removed:
        damaged = results / removed
        shutil.rmtree(damaged) if damaged.is_dir() else damaged.unlink()
    run = wordbridge("translate", "--results", str(results), "Qui ?", *options)
    assert run.exit_code == 1
    assert run.stderr.startswith("error: ")
    assert message in run.stderr
    assert (run.stderr.count("\n"), run.stdout) == (1, "")


def test_a_model_for_another_vocabulary_is_an_error(results: Path, wordbridge: Cli):
    save_vocabulary(results, "en", ENGLISH[:-1])
    run = wordbridge("translate", "Qui ?", results=results)
    assert run.exit_code == 1
    assert "expected 11 source and 13 target words as in the model, got 11 and 12" in run.stderr


def test_a_model_with_tags_for_another_vocabulary_is_an_error(results: Path, wordbridge: Cli):
    save_vocabulary(results, "fr", FRENCH[:-1])
    run = wordbridge("translate", "Qui ?", "--variant", "tagged", results=results)
    assert run.exit_code == 1
    assert "expected 14 source and 13 target words as in the model, got 13 and 13" in run.stderr


WHO = ["qui", "vient", "?"]


def test_a_bad_line_costs_only_itself(finished: Path, wordbridge: Cli):
    # Lines and the message about each, "" for those that are translated like "Qui vient ?".
    lines = [
        (b"\xef\xbb\xbfQui vient ?\r", ""),  # the first line, with a byte order mark
        (b"Qui vi\xe9nt ?", "expected UTF-8 text on one line, got byte 0xe9 at character 7"),
        (b"Qui\0vient ?", "expected UTF-8 text on one line, got byte 0x00 at character 4"),
        (b"Qui\rvient ?", "expected UTF-8 text on one line, got byte 0x0d at character 4"),
        (b"Qui vient ?\r\r", "expected UTF-8 text on one line, got byte 0x0d at character 12"),
        (b"\xed\xa0\x80", "expected UTF-8 text on one line, got byte 0xed at character 1"),
        (b"Qui vient ?" * 4091, "expected at most 10000 characters, got 45001"),
        (b"", "expected words, got none"),
        (b"\t \xc2\xa0", "expected words, got none"),
        ("\u200b\ufeff".encode(), "expected words, got none"),
        *((f"Qui{space}vient ?".encode(), "") for space in "\t\v\f\x1c\x85\xa0\u2028\u2029"),
        ("Qui vient\u00a0?".encode(), ""),
        (b"Qui vient ?", ""),  # the last line, without a line end
    ]
    run = wordbridge("translate", results=finished, stdin=b"\n".join(line for line, _ in lines))
    assert run.exit_code == 0
    who = expected(WHO, 10)
    assert run.stdout.split("\n") == [*("" if message else who for _, message in lines), ""]
    messages = [f"stdin, line {n}: {m}" for n, (_, m) in enumerate(lines, start=1) if m]
    assert len(run.stderr.splitlines()) == len(messages)
    for line, message in zip(run.stderr.splitlines(), messages, strict=True):
        assert re.match(message, line)


def test_a_bad_argument_costs_only_itself(finished: Path, wordbridge: Cli):
    texts = ["Qui vient ?", "Où\udce9 ?", "Qui vient ?"]
    run = wordbridge("translate", *texts, "--json", results=finished)
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert [row["translation"] for row in rows] == [expected(WHO, 10), "", expected(WHO, 10)]
    message = "expected UTF-8 text on one line, got byte 0xe9 at character 3"
    assert [row["error"] for row in rows] == ["", message, ""]
    assert run.stderr == f"text 2: {message}\n"


def test_the_name_of_a_file_is_a_text_with_a_warning(
    finished: Path, wordbridge: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("lines").touch()
    run = wordbridge("translate", "lines", results=finished)
    assert run.exit_code == 0
    assert run.stderr.startswith(
        "warning: lines is translated as a text; < lines translates the file's lines"
    )


def test_a_list_of_texts_has_a_translation_or_an_error_for_each(finished: Path):
    pipeline = read_pipeline(finished, "plain", 10, torch.device("cpu"))
    texts: Any = ["Qui vient ?", None, b"Qui ?", "\ud912", "Qui\r\nvient ?"]
    results = pipeline.translate(texts)
    who = expected(WHO, 10)
    assert [result.translation for result in results] == [who, "", "", "", who]
    assert [result.error for result in results] == [
        "",
        "expected a text, got NoneType",
        "expected a text, got bytes",
        "expected UTF-8 text on one line, got a surrogate at character 1",
        "",
    ]
    assert pipeline.translate("Qui vient ?") == results[:1]


def test_a_beam_without_hypotheses_is_refused(finished: Path, wordbridge: Cli):
    assert wordbridge("translate", "Qui ?", "--beam", "0", results=finished).exit_code == 2


@pytest.mark.parametrize("command", ["", *sorted(get_command(app).commands)])
def test_every_command_has_help_with_an_example(wordbridge: Cli, command: str):
    short, long = (wordbridge(*command.split(), option) for option in ("-h", "--help"))
    assert (short.exit_code, short.stderr) == (0, "")
    assert short.stdout == long.stdout
    assert short.stdout.startswith("Usage: ")
    assert not command or f"Example: wordbridge {command}" in short.stdout


def test_the_version_is_printed(wordbridge: Cli, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.metadata.version", {"wordbridge": "7.1.3"}.__getitem__)
    run = wordbridge("--version")
    assert (run.exit_code, run.stdout) == (0, "wordbridge 7.1.3\n")


def test_output_is_utf_8_in_any_terminal(finished: Path):
    command = ["translate", "Où est l'œuf 🥚 ?", "caf\udce9", "--json"]
    run = CliRunner(charset="latin-1").invoke(app, [*command, "--results", str(finished)])
    assert "expected UTF-8 text" in run.stderr
    del command[2]
    run = CliRunner(charset="latin-1").invoke(app, [*command, "--results", str(finished)])
    assert json.loads(run.stdout_bytes.decode("utf-8"))["source"] == "Où est l'œuf 🥚 ?"


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("$WORDBRIDGE --version > /dev/full", "error: output: expected one that can be read or "),
        ("$WORDBRIDGE verify --help > /dev/full", "error: output: expected one that can be read"),
        ("$WORDBRIDGE --version >&-", "error: standard output: expected a file, got a closed one"),
    ],
)
def test_an_error_of_the_output_is_one_line(shell: str, line: str):
    command = f"{shlex.quote(sys.executable)} -c 'from wordbridge.cli import app; app()'"
    run = subprocess.run(
        ["sh", "-c", shell.replace("$WORDBRIDGE", command)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    (only,) = run.stderr.splitlines()
    assert only.startswith(line)


def test_a_closed_pipe_is_one_line(wordbridge: Cli, monkeypatch: pytest.MonkeyPatch):
    def report(*_: object) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr("wordbridge.manifest.verify", report)
    run = wordbridge("verify")
    assert (run.exit_code, run.stdout) == (1, "")
    assert run.stderr.startswith("error: standard output: expected a reader of all lines, got a cl")
    assert run.stderr.count("\n") == 1


def test_why_passes_all_words_to_snakemake_as_they_are(
    wordbridge: Cli, monkeypatch: pytest.MonkeyPatch
):
    passed: list[str] = []
    monkeypatch.setattr("wordbridge.why.plan", lambda words: passed.extend(words) or [])
    words = ["a.tsv", "-nqp", "--configfile", "a b.yaml", "", "-j4", "--config", "run={seeds: [7]}"]
    run = wordbridge("why", *words, "--json", "--", "--json", "results/x", "--")
    assert json.loads(run.stdout)["jobs"] == []
    assert passed == [*words, "--", "--json", "results/x", "--"]
