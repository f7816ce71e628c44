"""The server of a finished run: translation while a question is typed, and search for images.

It listens on this machine alone unless the user names another address. A request needs the name
of an allowed host, so that the page of another site cannot reach it by a name of that site (DNS
rebinding); no other site may read an answer. No path of a request is opened: thumbnails are those
of images in the index.
"""

import asyncio
import io
import re
import socket
import tempfile
from base64 import b64encode
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

from wordbridge.corpus.special_tokens import EOS, SPECIALS
from wordbridge.errors import InputError
from wordbridge.progress import no_progress
from wordbridge.report.contact_sheet import result_tile
from wordbridge.report.tables import render
from wordbridge.search.engine import SearchEngine, SearchResult, resolve_path
from wordbridge.search.index import Hit, Index, read_index
from wordbridge.training.device import choose_device
from wordbridge.translation.pipeline import (
    TranslationPipeline,
    choose_run,
    find_runs,
    read_config,
    read_pipeline,
)
from wordbridge.translation.translations import Translation

try:
    import uvicorn
    from fastapi import FastAPI, HTTPException, Query, Request, Response
    from fastapi.concurrency import run_in_threadpool
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import HTMLResponse, JSONResponse
    from starlette.datastructures import MutableHeaders
    from starlette.exceptions import HTTPException as StarletteError
    from starlette.requests import ClientDisconnect
    from starlette.types import ASGIApp, Message, Receive, Scope, Send
except ModuleNotFoundError as error:
    raise InputError(
        f"serve: expected the packages of its extra, got no {error.name}; run "
        ".venv/bin/python -m pip install --editable '.[serve]' in the checkout"
    ) from None

MAX_CHARACTERS = 1_000  # of a question or query
MAX_UPLOAD = 32 * 2**20  # bytes of an image
COUNT = 24  # images of a search
SIDE = 320  # pixels of a thumbnail; it is shown at half of that
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
LIMITS = (
    "default-src 'none'; connect-src 'self'; img-src 'self' blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)

Text = Annotated[str, Query(max_length=MAX_CHARACTERS)]
T = TypeVar("T")


class NamedPipeline(NamedTuple):
    """The translator of a variant, and the seed of its training."""

    variant: str
    seed: int
    pipeline: TranslationPipeline


class Models:
    """The translators of a run, one per variant, and its search; a run may lack either."""

    def __init__(self, results: Path) -> None:
        has_translators, has_search = (
            (results / name).is_dir() for name in ("translators", "search")
        )
        self.translators = read_translators(results) if has_translators or not has_search else []
        self.images: Index | None = None
        if has_search:
            self.images, self._engine = read_index(results / "search/images"), SearchEngine(results)
            labels = map(self.images.label, range(len(self.images.lines)))
            self._rows = {
                f"{label['set']}/{label['image']}": row for row, label in enumerate(labels)
            }
        self._results = results

    def translate(self, text: str) -> list[dict[str, Any]]:
        """Return the translation by each variant, with tokens and attention.

        Raises InputError for a text without words, and without translators.
        """
        if not self.translators:
            raise InputError("translation: expected a run with translators, got none; train some")
        records = []
        for variant, seed, pipeline in self.translators:
            (result,) = pipeline.translate([text])
            if result.output is None:
                raise InputError(f"text: {result.error}")
            direction = pipeline.description["direction"]
            run = {"variant": variant, "seed": seed, "direction": direction}
            records.append({**run, **result.record(), **alignment(result.output)})
        return records

    def find_by_words(self, query: str, french: bool) -> dict[str, Any]:
        """Return the images nearest to words; raises InputError as the engine does."""
        self._check_search()
        return search_record(self._engine.by_words(query, count=COUNT, french=french))

    def find_by_image(self, data: bytes) -> dict[str, Any]:
        """Return the images nearest to an encoded image; raises InputError for other bytes."""
        self._check_search()
        with tempfile.NamedTemporaryFile(prefix="wordbridge-") as file:
            file.write(data)
            file.flush()
            try:
                return search_record(self._engine.by_image(file.name, "images", COUNT))
            except InputError as error:
                raise InputError(str(error).replace(file.name, "file")) from None

    def thumbnail(self, name: str) -> bytes | None:
        """Return a small PNG of the image ``SET/IMAGE`` of the index; None if there is none."""
        if self.images is None or name not in self._rows:
            return None
        hit = Hit(0, 1.0, self.images.label(self._rows[name]))
        image = result_tile(resolve_path(hit, self._results), SIDE).image
        file = io.BytesIO()
        if image is not None:
            image.save(file, "PNG")
        return file.getvalue() or None

    def _check_search(self) -> None:
        if self.images is None:
            raise InputError(
                "search: expected a run with search indexes, got none; run make images"
            )


def read_translators(results: Path) -> list[NamedPipeline]:
    """Return the best seed of each variant, in the order of the configuration."""
    trained, device = dict(find_runs(results)), choose_device("cpu", threads=1)
    variants = read_config(results)["variants"]
    best = [choose_run(results, variant) for variant in variants if variant in trained]
    return [NamedPipeline(*run, read_pipeline(results, *run, device)) for run in best]


def alignment(output: Translation) -> dict[str, Any]:
    """Return tokens, source tokens, and attention (tokens, source tokens); without it None.

    The source tokens end with the end of the sentence, as the attention does.
    """
    weights, source = output.attention, [*output.source_tokens, SPECIALS[EOS]]
    rows = None if weights is None else weights[: len(output.tokens), : len(source)]
    attention = None if rows is None else rows.astype(float).round(3).tolist()
    return {"tokens": output.tokens, "source_tokens": source, "attention": attention}


def search_record(result: SearchResult) -> dict[str, Any]:
    """Return name, noun, path and cosine of each hit, and what a French question was searched by.

    Files of the server stay unnamed.
    """
    hits = [
        {"name": hit.name, "label": hit.label, "path": hit.path, "score": round(hit.score, 3)}
        for hit in result.hits
    ]
    return {"translation": result.translation, "words": result.words, "images": hits}


# ---- Requests -----------------------------------------------------------------------------------


def build_app(models: Models, hosts: Collection[str]) -> FastAPI:
    """Return the application; ``hosts`` are the allowed values of the header Host."""
    app, page = FastAPI(docs_url=None, redoc_url=None, openapi_url=None), render_page(models)
    lock = asyncio.Lock()

    async def compute(request: Request, work: Callable[..., T], *arguments: object) -> T:
        """Run ``work`` when the models are free, unless the client has left meanwhile."""
        async with lock:
            if await request.is_disconnected():
                raise HTTPException(408, "the client has left")
            with no_progress():
                return await run_in_threadpool(work, *arguments)

    app.get("/")(lambda: HTMLResponse(page))
    app.get("/favicon.ico")(lambda: Response(status_code=204))  # browsers request it

    @app.get("/translations")
    async def translations(request: Request, text: Text) -> list[dict[str, Any]]:
        return await compute(request, models.translate, text)

    @app.get("/images")
    async def by_words(request: Request, query: Text, french: bool = False) -> dict[str, Any]:
        return await compute(request, models.find_by_words, query, french)

    @app.post("/images")
    async def by_image(request: Request) -> dict[str, Any]:
        return await compute(request, models.find_by_image, await read_upload(request))

    @app.get("/thumbnail")
    def thumbnail_of(name: str) -> Response:
        if (data := models.thumbnail(name)) is None:
            raise HTTPException(404, "image: expected SET/IMAGE of a readable image of the index")
        return Response(data, media_type="image/png", headers={"Cache-Control": "max-age=600"})

    for kind in (InputError, RequestValidationError, StarletteError, ClientDisconnect):
        app.exception_handler(kind)(refuse)
    policy = {"Content-Security-Policy": content_policy(page)}
    app.add_middleware(guarded, hosts=hosts, headers=HEADERS | policy)
    return app


def guarded(app: ASGIApp, hosts: Collection[str], headers: Mapping[str, str]) -> ASGIApp:
    """Return ``app`` behind a check of ``request_problem``, with ``headers`` in each response.

    It is plain ASGI: behind a middleware of FastAPI no handler learns that its client has left.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                for name, value in headers.items():
                    MutableHeaders(scope=message).setdefault(name, value)
            await send(message)

        is_request = scope["type"] == "http"
        problem = request_problem(Request(scope), hosts) if is_request else None
        await (problem or app)(scope, receive, send_with_headers)

    return answer


def render_page(models: Models) -> str:
    """Return the HTML of the page, with a part for translation, search or both."""
    return render(
        "serve.html.j2",
        title="wordbridge",
        translators=models.translators,
        has_search=models.images is not None,
        max_characters=MAX_CHARACTERS,
        max_upload=MAX_UPLOAD,
    )


def problem_response(status: int, sentence: str) -> JSONResponse:
    """Return a response with ``sentence`` as the error."""
    return JSONResponse({"error": sentence}, status)


def refuse(request: Request, error: Exception) -> JSONResponse:
    """Return the response to a request that raised ``error``."""
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        return problem_response(400, f"{first['loc'][-1]}: {first['msg']}")
    if isinstance(error, StarletteError):
        return problem_response(error.status_code, str(error.detail))
    return problem_response(400, str(error))


def request_problem(request: Request, hosts: Collection[str]) -> JSONResponse | None:
    """Return the response to a request with another host, or from the page of another site."""
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    if host.lower() not in hosts:
        return problem_response(
            421,
            f"host: expected {' or '.join(sorted(hosts))}, got {host!r}; "
            "start the server with --allow NAME to add a name",
        )
    if origin is not None and origin.partition("://")[2].lower() not in hosts:
        return problem_response(403, f"origin: expected this server's page, got {origin!r}")
    return None


async def read_upload(request: Request) -> bytes:
    """Return the body of a request; raises HTTPException as soon as it is too large."""
    data = bytearray()
    length = request.headers.get("content-length", "")
    is_large = length.isdecimal() and int(length) > MAX_UPLOAD
    async for chunk in request.stream():
        data += chunk
        if is_large or len(data) > MAX_UPLOAD:
            limit = MAX_UPLOAD // 2**20
            raise HTTPException(413, f"image: expected at most {limit} MiB; reduce its size")
    return bytes(data)


def content_policy(page: str) -> str:
    """Return the Content-Security-Policy that allows the page's own style and script alone."""
    policy = LIMITS
    for tag in ("style", "script"):
        for text in re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL):
            digest = b64encode(sha256(text.encode()).digest()).decode()
            policy += f"; {tag}-src 'sha256-{digest}'"
    return policy


# ---- Listening ----------------------------------------------------------------------------------


def allowed_hosts(host: str, port: int, names: Iterable[str]) -> set[str]:
    """Return the allowed values of the header Host: each name with the port, or its own port.

    Browsers leave out the ports of http and https, 80 and 443.
    """
    bracketed = f"[{host}]" if ":" in host else host
    allowed = [name.lower() for name in (*LOOPBACK, bracketed, *names)]
    hosts = {name if re.search(r":\d+$", name) else f"{name}:{port}" for name in allowed}
    return hosts | {re.sub(r":(80|443)$", "", name) for name in hosts}


class Server(uvicorn.Server):
    """A server that drops its connections when it stops, as one of them may never end."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop as uvicorn does, but wait for no client."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)


def serve_run(results: Path, host: str, port: int, allow: Sequence[str]) -> None:
    """Serve the run in the folder ``results`` until it is interrupted.

    Raises InputError when the address cannot be listened on, and for an unfinished run.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputError(
            f"serve: expected a free port of this machine, got {host}, port {port} "
            f"({error.strerror}); choose another with --port"
        ) from None
    with listener, suppress(KeyboardInterrupt):
        number = int(listener.getsockname()[1])
        app = build_app(Models(results), allowed_hosts(host, number, allow))
        shown = f"[{host}]" if ":" in host else host
        print(f"http://{shown}:{number}/  (Ctrl+C stops the server)", flush=True)
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, ws="none",
            lifespan="off",
        )  # fmt: skip
        Server(config).run(sockets=[listener])
