"""A web server with faults, and a fixture that forbids the network."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

DATED = "Wed, 21 Oct 2015 07:28:00 GMT"


@dataclass
class Page:
    body: bytes
    kind: str = "application/octet-stream"
    etag: str | None = '"one"'
    ranges: bool = True
    dated: bool = False
    # One per request: a status with headers, or the number of bytes before the connection ends.
    troubles: list[tuple[int, dict[str, str]] | int] = field(default_factory=list)


@dataclass
class Site:
    address: str = ""
    pages: dict[str, Page] = field(default_factory=dict)
    requests: list[dict[str, str]] = field(default_factory=list)

    def put(self, path: str, page: Page) -> str:
        self.pages[path] = page
        return self.address + path


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        site = self.server.site
        site.requests.append(dict(self.headers))
        page = site.pages.get(self.path)
        trouble = page.troubles.pop(0) if page and page.troubles else None
        if page is None:
            self.answer(404, {"Content-Length": "0"})
        elif isinstance(trouble, tuple):
            self.answer(trouble[0], trouble[1] | {"Content-Length": "0"})
        else:
            self.body(page, trouble)

    def body(self, page: Page, cut: int | None) -> None:
        start, headers = 0, {"Content-Type": page.kind}
        requested = self.headers.get("Range")
        strong = page.etag and not page.etag.startswith("W/")  # a weak one is not for If-Range
        mark = page.etag if strong else DATED
        if requested and page.ranges and self.headers.get("If-Range") == mark:
            start = int(requested.removeprefix("bytes=").rstrip("-"))
            size = len(page.body)
            if start >= size:
                self.answer(416, {"Content-Range": f"bytes */{size}", "Content-Length": "0"})
                return
            headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        if page.etag:
            headers["ETag"] = page.etag
        if page.dated:
            headers["Last-Modified"] = DATED
        content = page.body[start:]
        headers["Content-Length"] = str(len(content))
        self.answer(206 if start else 200, headers)
        self.wfile.write(content[:cut])

    def answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    site: Site


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server(("127.0.0.1", 0), Handler) as server:
        server.site = Site(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.site
        server.shutdown()
        thread.join()


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network or a client was used")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    for name in ("Popen", "run", "check_output"):
        monkeypatch.setattr(subprocess, name, refuse)
