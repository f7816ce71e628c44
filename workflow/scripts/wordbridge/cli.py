"""The command line: translate and search with what the workflow has trained."""

import io
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import asdict
from enum import StrEnum
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wordbridge.errors import InputError
from wordbridge.job import error_message

if TYPE_CHECKING:
    from wordbridge.search.results import Hit
    from wordbridge.translation.pipeline import Interpretation

BATCH = 128  # lines that are translated together

app = typer.Typer(
    help="Translate and find images with what the workflow has trained.",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Device(StrEnum):
    """Where a model can run."""

    CPU = "cpu"
    CUDA = "cuda"
    AUTO = "auto"


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    try:
        typer.echo(f"wordbridge {metadata.version('wordbridge')}")
    except metadata.PackageNotFoundError:
        typer.echo("wordbridge (not installed)")
    raise typer.Exit


@app.callback()
def wordbridge(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Translate and find images with what the workflow has trained."""


@app.command()
def translate(
    texts: Annotated[
        list[str] | None, typer.Argument(help="What to translate; lines of stdin if left out.")
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of a finished experiment.")] = Path(
        "results/default"
    ),
    variant: Annotated[
        str | None,
        typer.Option(help="Which translator; the best one by BLEU if left out."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Which of its trainings; the best one if left out.")
    ] = None,
    beam: Annotated[
        int | None, typer.Option(min=1, help="Hypotheses kept; as in the experiment if left out.")
    ] = None,
    version: Annotated[
        str | None,
        typer.Option(help="Whose English (or French), for a model that learned several."),
    ] = None,
    device: Annotated[
        Device, typer.Option(help="Where to run; auto takes a GPU if there is one.")
    ] = Device.CPU,
    scores: Annotated[
        bool, typer.Option("--scores", help="A tab and the log-probability (nats) behind each.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each text.")] = False,
) -> None:
    """Print a translation of each text, one a line.

    Which language is translated into which is a matter of the model. Words that it does not
    know are named on stderr.
    """
    with _errors_in_one_line():
        # These take seconds to import, which --help need not wait for.
        from wordbridge.training.device import choose_device
        from wordbridge.translation.pipeline import choose_run, read_interpreter

        _check_text(texts or [])
        chosen = choose_run(results, variant, seed)
        interpreter = read_interpreter(results, *chosen, choose_device(device, threads=1))
        for batch in _batches(texts):
            with redirect_stderr(io.StringIO()):  # bars would come between the lines
                made = interpreter.interpret(batch, beam, version)
            for one in made:
                _show(one, scores, as_json)


def _batches(texts: list[str] | None) -> Iterator[list[str]]:
    """Yield the texts, or else the lines of stdin: a person's one by one, a file's in batches.

    Raises InputError for bytes that are not UTF-8.
    """
    if texts:
        yield from _cut(texts, BATCH)
        return
    lines = typer.get_text_stream("stdin", encoding="utf-8", errors="strict")
    try:
        yield from _cut(lines, 1 if sys.stdin.isatty() else BATCH)
    except UnicodeDecodeError as error:
        raise InputError(
            f"stdin: expected UTF-8 text, got other bytes ({error}); convert it first"
        ) from error


def _cut(texts: Iterable[str], size: int) -> Iterator[list[str]]:
    remaining = iter(texts)
    while batch := list(islice(remaining, size)):
        yield batch


def _show(one: "Interpretation", scores: bool, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(one), ensure_ascii=False))
    else:
        score = f"\t{one.log_probability:.4f}" if scores else ""
        typer.echo(one.translation + score)
    if one.unknown:
        typer.echo(f"unknown: {', '.join(one.unknown)} (in: {one.source})", err=True)


@app.command()
def search(
    query: Annotated[
        list[str] | None,
        typer.Argument(help="Words: boat, sail boat, boat + sail, king - man + woman."),
    ] = None,
    image: Annotated[
        str | None,
        typer.Option(help="Search with an image instead: a file, or SET/IMAGE of the run."),
    ] = None,
    french: Annotated[
        bool, typer.Option("--french", help="The words are French, or a question with its mark.")
    ] = False,
    nouns: Annotated[
        bool, typer.Option("--nouns", help="Find WordNet's nouns instead of images.")
    ] = False,
    classes: Annotated[
        bool, typer.Option("--classes", help="Find ImageNet's classes instead of images.")
    ] = False,
    top: Annotated[int, typer.Option(min=1, help="How many to show.")] = 10,
    exact: Annotated[
        bool, typer.Option("--exact", help="Compare with every row, without the graph.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each.")] = False,
    sheet: Annotated[
        Path | None, typer.Option(help="Also write a contact sheet to this PNG file.")
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of a finished experiment.")] = Path(
        "results/default"
    ),
) -> None:
    """Print what is nearest to words or to an image: cosine, noun, way up WordNet, file.

    The columns are separated by tabs, the nearest comes first. What a French question was
    translated into stands on stderr.
    """
    with _errors_in_one_line():
        from wordbridge.search.engine import SearchEngine

        _exclude("search", nouns=nouns, classes=classes)
        _exclude("search", french=french, image=image)
        text = _query(query, image)
        index = "classes" if classes else "nouns" if nouns else "images"
        opened = SearchEngine(results)
        found = (
            opened.by_words(text, index, top, french, exact)
            if image is None
            else opened.by_image(image, index, top, exact)
        )
        if found.translation:
            typer.echo(f"translated: {found.translation}", err=True)
        _show_answers(found.hits, as_json, sheet)


def _show_answers(found: "list[Hit]", as_json: bool, sheet: Path | None) -> None:
    for answer in found:
        columns = (f"{answer.score:.4f}", answer.label, answer.path, answer.file)
        if as_json:
            typer.echo(json.dumps(answer.record(), ensure_ascii=False))
        else:
            typer.echo("\t".join(columns).rstrip("\t"))
    if sheet is not None:
        from wordbridge.report.contact_sheet import result_tile, save_sheet

        save_sheet(sheet, [[result_tile(answer) for answer in found]])


def _exclude(command: str, **given: object) -> None:
    """Raise InputError when more than one of these options is ``given``."""
    names = [f"--{name}" for name, value in given.items() if value]
    if len(names) > 1:
        allowed = " or ".join(f"--{name}" for name in given)
        raise InputError(
            f"{command}: expected {allowed}, got {' and '.join(names)}; leave {names[-1]} out"
        )


def _query(words: list[str] | None, image: str | None) -> str:
    """Return the words of a query as one text; raises InputError unless it has words or image."""
    if bool(words) == (image is not None):
        got = "both" if words else "neither"
        raise InputError(
            f"search: expected words or --image, got {got}; write for instance: "
            "wordbridge search boat + sail"
        )
    _check_text([*(words or []), image or ""])
    return " ".join(words or [])


@app.command()
def verify(
    results: Annotated[
        Path, typer.Argument(help="Folder of an experiment, or results for all that are in it.")
    ] = Path("results/default"),
    against: Annotated[
        Path | None,
        typer.Option(help="Compare with these results instead, byte by byte: OTHER/results."),
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(help="Say instead what made this file, out of what, and how.")
    ] = None,
    exceptions: Annotated[
        bool, typer.Option("--exceptions", help="Say instead what may differ between two runs.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object for each experiment instead.")
    ] = False,
) -> None:
    """Compare every file of an experiment with what its job recorded; name what differs.

    The exit status is 1 when something differs.
    """
    with _errors_in_one_line():
        from wordbridge.manifest import exception_lines, traced, verified

        _exclude("verify", trace=trace, against=against, exceptions=exceptions)
        _exclude("verify", exceptions=exceptions, json=as_json)
        if exceptions:
            lines, right = list(exception_lines()), True
        elif trace is not None:
            lines, right = traced(trace, as_json)
        else:
            lines, right = verified(results, against, as_json)
        typer.echo("\n".join(lines))
        if not right:
            raise typer.Exit(1)


@app.command(context_settings={"ignore_unknown_options": True})
def why(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TARGET] [SNAKEMAKE OPTIONS]",
            help="As for snakemake: files or rules, --configfile FILE, --directory FOLDER, ...",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead.")] = False,
) -> None:
    """Say what Snakemake would make next, because of what, and how long that takes.

    The plan is Snakemake's own; nothing is run.
    """
    with _errors_in_one_line():
        from wordbridge.why import explain, lines, plan

        made = explain(plan(arguments or []))
        typer.echo(
            json.dumps(asdict(made), ensure_ascii=False) if as_json else "\n".join(lines(made))
        )


def _check_text(words: Iterable[str]) -> None:
    """Raise InputError for an argument whose bytes are not UTF-8, as Python then marks them."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            raise InputError(
                f"argument {word!a}: expected UTF-8 text, got other bytes; write it in UTF-8"
            ) from None


@contextmanager
def _errors_in_one_line() -> Iterator[None]:
    try:
        yield
    except (InputError, OSError, MemoryError) as error:
        line = error_message(error)
        if line is None:
            raise
        typer.echo(f"error: {line}", err=True)
        raise typer.Exit(1) from None
