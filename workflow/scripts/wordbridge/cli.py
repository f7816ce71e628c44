"""The command line: translate, search, serve, verify, compare, why.

What a command needs is imported in the command, because some of it takes seconds.
"""

import io
import json
import os
import re
import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
import typer.core

from wordbridge.errors import InputError, shorten

if TYPE_CHECKING:
    from wordbridge.translation.pipeline import TextTranslation

BATCH = 128  # lines that are translated together


class OneLineErrors(typer.core.TyperGroup):
    """Commands whose errors of input and output end in one line; their output is UTF-8."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run the command that the arguments name, and exit."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
        try:
            if sys.stdout is None:
                raise InputError("standard output: expected a file, got a closed one; open it")
            return super().main(*arguments, **options)
        except (InputError, OSError, MemoryError) as error:
            from wordbridge.job import error_message

            line = error_message(error)
            if line is None:
                raise
            with suppress(OSError):
                typer.echo(f"error: {line}", err=True)
            with suppress(OSError, AttributeError):  # at its end Python flushes the output again
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; report a closed pipe, which typer ignores."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise InputError(
                "standard output: expected a reader of all lines, got a closed pipe; the other "
                "lines are lost"
            ) from None


app = typer.Typer(
    cls=OneLineErrors,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


Results = Annotated[Path, typer.Option(help="Results folder of a finished experiment.")]
DEFAULT_RESULTS = Path("results/default")


def _print_version(requested: bool) -> None:
    if requested:
        from importlib.metadata import version

        typer.echo(f"wordbridge {version('wordbridge')}")
        raise typer.Exit


@app.callback()
def wordbridge(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Translate texts and find images with the models of a finished experiment."""


@app.command(epilog='Example: wordbridge translate "Où est mon frère ?" --variant all --edition k')
def translate(
    texts: Annotated[
        list[str] | None, typer.Argument(help="Texts to translate; default: the lines of stdin.")
    ] = None,
    results: Results = DEFAULT_RESULTS,
    variant: Annotated[
        str | None, typer.Option(help="Name of the translator; default: the best one by BLEU.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of its training; default: the best one by BLEU.")
    ] = None,
    beam: Annotated[
        int | None, typer.Option(min=1, help="Beam width; default: that of the experiment.")
    ] = None,
    edition: Annotated[
        str | None,
        typer.Option(help="Version whose style to imitate, for models with tag_versions."),
    ] = None,
    device: Annotated[
        Literal["cpu", "cuda", "auto"],
        typer.Option(help="Device of the model; auto is a GPU if there is one."),
    ] = "cpu",
    scores: Annotated[
        bool, typer.Option("--scores", help="Add a tab and the log-probability (nats).")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object per text.")] = False,
) -> None:
    """Print the translation of each text, one per line.

    On a terminal, each text is shown above its translation. The model determines the languages.
    Unknown words are listed on stderr. If a text cannot be translated, its line stays empty and
    stderr has the reason. The exit status is 1 if no text can be translated.
    """
    from wordbridge.progress import no_progress
    from wordbridge.training.device import choose_device
    from wordbridge.translation.pipeline import choose_run, read_pipeline

    run = choose_run(results, variant, seed)
    pipeline = read_pipeline(results, *run, choose_device(device, threads=1))
    origin, numbers, failed = ("text" if texts else "stdin, line"), count(1), set()
    for batch in _batches(texts):
        with no_progress():  # which would come between the lines
            translations = pipeline.translate(batch, beam, edition)
        for translation, number in zip(translations, numbers, strict=False):
            _show_translation(translation, scores, as_json)
            failed.add(bool(translation.error))
            if translation.error:
                typer.echo(f"{origin} {number}: {translation.error}", err=True)
    if failed == {True}:
        raise typer.Exit(1)


def _batches(texts: list[str] | None) -> Iterator[list[str]]:
    r"""Yield the texts, else the lines of stdin: one by one from a terminal, else in batches.

    Lines end in \n or \r\n. Bytes that are not UTF-8 become surrogates, as those of arguments.
    """
    size = BATCH if texts or not sys.stdin.isatty() else 1
    for name in filter(os.path.isfile, texts or ()):
        typer.echo(
            f"warning: {name} is translated as a text; < {name} translates the file's lines",
            err=True,
        )
    lines = iter(texts or _stdin_lines())
    while batch := list(islice(lines, size)):
        yield batch


def _stdin_lines() -> Iterator[str]:
    from wordbridge.text import check_format

    for number, line in enumerate(typer.get_binary_stream("stdin")):
        if number == 0:
            check_format(line, "stdin")
            if line.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
                from wordbridge.files import decode

                decode(line, "stdin")  # the error names the encoding
        data = re.sub(rb"\r?\n$", b"", line)
        yield data.decode(errors="surrogateescape").removeprefix("\ufeff")


def _show_translation(translation: "TextTranslation", scores: bool, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(translation.record(), ensure_ascii=False))
    else:
        number = "" if translation.error else f"{translation.log_probability:.4f}"
        score = f"\t{number}" if scores else ""
        start = f"{translation.source.strip()}\n    " if _on_terminal() else ""
        typer.echo(start + translation.translation + score)
    if translation.unknown:
        words = ", ".join(translation.unknown)
        typer.echo(f"unknown: {shorten(words)} (in: {shorten(translation.source)})", err=True)


class WordsCommand(typer.core.TyperCommand):
    """A command whose words may begin with a minus: ``dog -cat`` is ``dog - cat``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Separate a minus before a space, or before a word of two letters or more."""
        pairs = (["-", arg[1:]] if re.match(r"-( |[^\W\d_].)", arg) else [arg] for arg in args)
        return super().parse_args(ctx, list(chain.from_iterable(pairs)))


@app.command(
    cls=WordsCommand, epilog="Example: wordbridge search boat + sail --top 5 --sheet boats.png"
)
def search(
    query: Annotated[
        list[str] | None,
        typer.Argument(help="Words, such as boat, sail boat, boat + sail, king - man + woman."),
    ] = None,
    image: Annotated[
        str | None, typer.Option(help="Search with an image: a file, or SET/IMAGE of the run.")
    ] = None,
    french: Annotated[
        bool,
        typer.Option("--french", help="The query is French: words, or a question that ends in ?"),
    ] = False,
    nouns: Annotated[
        bool, typer.Option("--nouns", help="Find WordNet's nouns instead of images.")
    ] = False,
    classes: Annotated[
        bool, typer.Option("--classes", help="Find ImageNet's classes instead of images.")
    ] = False,
    top: Annotated[int, typer.Option(min=1, help="Number of results.")] = 10,
    exact: Annotated[
        bool,
        typer.Option("--exact", help="Compare with every vector instead of using the HNSW graph."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON object per result.")
    ] = False,
    sheet: Annotated[
        Path | None, typer.Option(help="Also write a contact sheet to this PNG file.")
    ] = None,
    results: Results = DEFAULT_RESULTS,
) -> None:
    """Print the images that are nearest to words or to an image.

    On a terminal, the results are an aligned table; in a pipe, lines of cosine similarity, noun,
    WordNet path and file, separated by tabs. The translation of a French question goes to stderr;
    a question with a word that the translator lacks is searched by its words.
    """
    from wordbridge.report.hits import show_hits
    from wordbridge.search.engine import SearchEngine

    _exclude("search", nouns=nouns, classes=classes)
    _exclude("search", french=french, image=image)
    text = _query(query, image)
    index = "classes" if classes else "nouns" if nouns else "images"
    engine = SearchEngine(results)
    result = (
        engine.by_words(text, index, top, french, exact)
        if image is None
        else engine.by_image(image, index, top, exact)
    )
    if result.translation:
        typer.echo(f"translated: {result.translation}", err=True)
    elif result.words:
        typer.echo(f"no useful translation; searched by its words: {result.words}", err=True)
    show_hits(result.hits, as_json, sheet, _on_terminal(), results)


def _query(words: list[str] | None, image: str | None) -> str:
    """Return the words of a query as one text; raises InputError unless it has words or image."""
    if bool(words) == (image is not None):
        got = "both" if words else "neither"
        raise InputError(
            f"search: expected words or --image, got {got}; write for example: "
            "wordbridge search boat + sail"
        )
    for word in (*(words or ()), image or ""):
        try:
            word.encode()
        except UnicodeEncodeError:  # Python replaces bytes that are not UTF-8
            raise InputError(
                f"argument {word!a}: expected UTF-8 text, got other bytes; write it in UTF-8"
            ) from None
    return " ".join(words or ())


@app.command(epilog="Example: wordbridge serve --port 8080")
def serve(
    results: Results = DEFAULT_RESULTS,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 is any free one.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    allow: Annotated[
        list[str] | None, typer.Option(help="Additional host name that browsers may use.")
    ] = None,
) -> None:
    """Serve a page that translates while you type and finds images.

    Only this machine can connect, unless --host is another address; then everybody who can reach
    that address can use the page. The command needs the packages of the extra `serve`.
    """
    from wordbridge.serve import serve_run

    serve_run(results, host, port, allow or [])


@app.command(epilog="Example: wordbridge verify results/default --against ../other/results")
def verify(
    results: Annotated[
        Path, typer.Argument(help="Results folder of an experiment, or of several.")
    ] = DEFAULT_RESULTS,
    against: Annotated[
        Path | None, typer.Option(help="Compare byte by byte with these results instead.")
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(help="List the jobs and inputs behind this file instead.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON object per experiment.")
    ] = False,
) -> None:
    """Compare results with the checksums that their jobs recorded.

    The folders benchmarks, manifest and timings may differ between two runs. The exit status is
    1 if anything else differs.
    """
    from wordbridge import manifest

    _exclude("verify", trace=trace, against=against)
    reports = [manifest.trace(trace)] if trace else manifest.verify(results, against)
    for report in reports:
        typer.echo(manifest.format_report(report, as_json))
    if not all(report.ok for report in reports):
        raise typer.Exit(1)


@app.command(epilog="Example: wordbridge compare results/default results/mine")
def compare(
    first: Annotated[Path, typer.Argument(help="Results folder of a run.")],
    second: Annotated[Path, typer.Argument(help="Results folder of the other run.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Print the settings, code and scores in which two runs differ.

    Scores of the same sentences or nouns are compared by the paired bootstrap.
    """
    from wordbridge.report.compare import compare_runs, comparison_text

    result = compare_runs(first, second)
    typer.echo(json.dumps(result) if as_json else comparison_text(result, first, second))


class PassingCommand(typer.core.TyperCommand):
    """A command that passes all words but ``--json`` and ``--help`` to Snakemake as they are."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Separate the options of this command, which come before any ``--``."""
        end = args.index("--") if "--" in args else len(args)
        options = [word for word in args[:end] if word in ("--json", "-h", "--help")]
        others = [word for word in args[:end] if word not in options]
        return super().parse_args(ctx, [*options, "--", *others, *args[end:]])


@app.command(cls=PassingCommand, epilog="Example: wordbridge why --configfile configs/lesson.yaml")
def why(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TARGET] [SNAKEMAKE OPTIONS]",
            help="As for snakemake: files or rules, --configfile FILE, --directory FOLDER, ...",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the jobs that would run, their causes and their time.

    The jobs are those of a dry run of Snakemake.
    """
    from wordbridge.why import format_plan, plan

    typer.echo(format_plan(plan(arguments or []), as_json))


def _on_terminal() -> bool:
    return sys.stdout.isatty()


def _exclude(command: str, **options: object) -> None:
    """Raise InputError when more than one of these options is set."""
    names = [f"--{name}" for name, value in options.items() if value]
    if len(names) > 1:
        allowed = " or ".join(f"--{name}" for name in options)
        raise InputError(
            f"{command}: expected {allowed}, got {' and '.join(names)}; leave {names[-1]} out"
        )
