"""The server of a finished run: its answers, what it refuses, and its page in a browser."""

import asyncio
import io
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn
from PIL import Image
from typer.testing import CliRunner

import wordbridge.serve
from tests.browser import CHROMIUM, Page
from tests.search.toys import make_run, write_network
from tests.test_cli import finish
from wordbridge.cli import app
from wordbridge.errors import InputError
from wordbridge.files import read_json, write_json
from wordbridge.serve import Models, allowed_hosts, build_app

PACKAGE = Path(__file__).resolve().parents[1] / "workflow/scripts"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run with three variants, seven images and a network."""
    folder = make_run(tmp_path_factory.mktemp("project") / "results/toy")
    finish(folder)
    path = folder / "config.json"
    write_json(path, read_json(path, "settings", "-", ()) | write_network(folder))
    return folder


@pytest.fixture(scope="module")
def address(results: Path) -> Iterator[str]:
    """Yield the address of a server, which ends afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        application = build_app(Models(results), allowed_hosts("127.0.0.1", port, ["box"]))
        server = uvicorn.Server(uvicorn.Config(application, log_level="error", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join()


def error_of(response: requests.Response, status: int) -> str:
    assert response.status_code == status
    (sentence,) = response.json().values()
    assert "\n" not in sentence
    return str(sentence)


def test_each_variant_translates_with_its_best_seed_and_attention(address: str):
    records = requests.get(f"{address}/translations", {"text": "Où est Xanadu ?"}).json()
    variants = [(one["variant"], one["seed"], one["direction"]) for one in records]
    assert variants == [("plain", 10, "fr-en"), ("turned", 3, "en-fr"), ("tagged", 8, "fr-en")]
    for record in records:
        assert record["translation"]
        assert len(record["attention"]) == len(record["tokens"])
        for row in record["attention"]:
            assert len(row) == len(record["source_tokens"])
            assert sum(row) == pytest.approx(1, abs=0.01)
    assert records[0]["source_tokens"] == ["où", "est", "xanadu", "?", "_eos_"]
    assert records[0]["unknown"] == ["xanadu"]
    assert records[2]["source_tokens"][0] == "<king>"


@pytest.mark.parametrize(
    ("query", "french", "label", "words"),
    [
        ("boat", "false", "boat", ""),
        ("boat + sail", "false", "boat", ""),
        ("chien", "true", "dog", ""),
        ("Où est le chien ?", "true", "dog", "chien"),  # which the translator does not know
    ],
)
def test_images_are_found_by_words(address: str, query: str, french: str, label: str, words: str):
    answer = requests.get(f"{address}/images", {"query": query, "french": french}).json()
    assert answer["images"][0]["label"] == label
    assert (answer["translation"], answer["words"]) == ("", words)
    assert set(answer["images"][0]) == {"name", "label", "path", "score"}  # no file


def test_images_are_found_by_an_uploaded_image(address: str, results: Path):
    data = (results / "files/0.png").read_bytes()
    answer = requests.post(f"{address}/images", data).json()
    assert answer["images"][0]["label"] == "cat"
    assert len(answer["images"]) == 7


def test_a_thumbnail_is_that_of_an_image_of_the_index(address: str):
    response = requests.get(f"{address}/thumbnail", {"name": "toy/own/2.png"})
    assert response.headers["Content-Type"] == "image/png"
    with Image.open(io.BytesIO(response.content)) as image:
        assert image.size == (320, 240)
        assert image.getpixel((99, 99)) == (0x22, 0x44, 0xCC)


@pytest.mark.parametrize("name", ["toy/none.png", "/etc/hostname", "../weights", "toy/../x", ""])
def test_no_other_name_is_opened(address: str, name: str):
    sentence = error_of(requests.get(f"{address}/thumbnail", {"name": name}), 404)
    assert sentence.startswith("image: expected SET/IMAGE")


def test_a_deleted_image_has_no_thumbnail(tmp_path: Path):
    results = make_run(tmp_path / "results/toy")
    models = Models(results)
    (results / "files/0.png").unlink()
    (results / "files/1.png").write_bytes(b"no image")
    images = [models.thumbnail(f"toy/own/{number}.png") for number in range(3)]
    assert [image is None for image in images] == [True, True, False]


def test_relative_images_are_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    results = make_run(Path("results/toy")).resolve()
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert Models(results).thumbnail("toy/own/0.png")


@pytest.mark.parametrize(
    ("path", "values", "message"),
    [
        ("translations", {}, "text: Field required"),
        ("translations", {"text": " "}, "text: expected words, got none"),
        ("translations", {"text": "a\0b"}, "text: expected UTF-8 text on one line, got byte 0x00"),
        ("translations", {"text": "a" * 1001}, "text: String should have at most 1000 characters"),
        ("images", {"query": "baot"}, "unknown word 'baot': expected one of 9 words; did you mean"),
        ("images", {"query": "dog - dog"}, "its words cancel each other out"),
        ("images", {"query": ""}, "query '': expected a word, got none"),
        ("images", {"query": "dog", "french": "maybe"}, "french: Input should be a valid boolean"),
    ],
)
def test_bad_input_gets_a_sentence(address: str, path: str, values: dict[str, str], message: str):
    assert message in error_of(requests.get(f"{address}/{path}", values), 400)


@pytest.mark.parametrize("data", [b"", b"no image", b"\x89PNG\r\n\x1a\n"])
def test_an_upload_that_is_no_image_gets_a_sentence_without_a_path(address: str, data: bytes):
    sentence = error_of(requests.post(f"{address}/images", data), 400)
    assert sentence.startswith("file: expected an image, but ")
    assert "/tmp" not in sentence


@pytest.mark.parametrize("path", ["docs", "openapi.json", "images/1", "static/../../etc/passwd"])
def test_other_paths_are_refused(address: str, path: str):
    assert error_of(requests.get(f"{address}/{path}"), 404) == "Not Found"
    assert error_of(requests.put(f"{address}/images"), 405) == "Method Not Allowed"


@pytest.mark.parametrize("is_stated", [True, False])
def test_a_large_upload_is_refused_while_it_is_read(
    address: str, monkeypatch: pytest.MonkeyPatch, is_stated: bool
):
    monkeypatch.setattr(wordbridge.serve, "MAX_UPLOAD", 2 * 2**20)
    size, port = 2 * 2**20 + 1, int(address.rpartition(":")[2])
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    if is_stated:  # the answer comes after the first bytes
        connection.putrequest("POST", "/images")
        connection.putheader("Content-Length", str(10 * size))
        connection.endheaders(b"first bytes")
    else:
        connection.request("POST", "/images", iter([bytes(size)]), encode_chunked=True)
    response = connection.getresponse()
    assert response.status == 413
    assert response.read() == b'{"error":"image: expected at most 2 MiB; reduce its size"}'
    connection.close()


def test_a_client_that_leaves_during_an_upload_is_no_failure_of_the_server(results: Path):
    sent: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/images", "query_string": b""}
    headers = [(b"host", b"box:80")]
    application = build_app(Models(results), ["box:80"])
    asyncio.run(application({**scope, "headers": headers}, receive, send))
    assert sent[0]["status"] == 400


def test_only_allowed_hosts_and_its_own_page_may_ask(address: str):
    port = address.rpartition(":")[2]
    for host in ("localhost", "LOCALHOST", "127.0.0.1", "[::1]", "box"):
        headers = {"Host": f"{host}:{port}", "Origin": f"http://{host}:{port}"}
        assert requests.get(address, headers=headers).status_code == 200
    for host in (
        "evil.example",
        f"evil.example:{port}",
        "localhost",
        "localhost:1",
        "127.0.0.1",
        "",
    ):
        response = requests.get(address, headers={"Host": host})
        assert "start the server with --allow NAME" in error_of(response, 421)
    for origin in ("http://evil.example", "null", "http://localhost:1", "http://[::1"):
        response = requests.post(f"{address}/images", b"x", headers={"Origin": origin})
        assert "expected this server's page" in error_of(response, 403)


@pytest.mark.parametrize(
    ("host", "names", "hosts"),
    [
        ("::1", [], {"[::1]:80", "[::1]"}),
        ("192.168.1.5", ["Box.lan", "box:9000"], {"192.168.1.5", "box.lan:80", "box:9000"}),
        ("::1", ["my.site:443"], {"my.site:443", "my.site"}),  # behind a server with https
    ],
)
def test_a_name_has_the_port_or_one_of_its_own(host: str, names: list[str], hosts: set[str]):
    assert hosts <= allowed_hosts(host, 80, names)
    assert "[::1]:8000" in allowed_hosts(host, 8000, names)
    assert "localhost" not in allowed_hosts(host, 8000, names)


def test_no_other_site_may_read_or_frame_it(address: str):
    headers = {"Origin": address, "Access-Control-Request-Method": "GET"}
    for response in (
        requests.get(address, headers=headers),
        requests.options(f"{address}/images", headers=headers),
        requests.get(f"{address}/translations", {"text": "Qui ?"}, headers=headers),
    ):
        names = {name.lower() for name in response.headers}
        assert not [name for name in names if name.startswith("access-control")]
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


def test_the_page_makes_no_markup_of_texts_and_has_nothing_from_elsewhere(address: str):
    page = requests.get(address).text
    for markup in (
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "http",
        "//cdn",
        " style=",
        " onclick",
    ):
        assert markup not in page
    assert page.count("<script>") == page.count("<style>") == 1


def test_a_run_of_one_side_serves_it(tmp_path: Path):
    images = Models(make_run(tmp_path / "images"))
    page = wordbridge.serve.render_page(images)
    assert ('id="text"' in page, 'id="form"' in page) == (False, True)
    with pytest.raises(InputError, match="expected a run with translators, got none"):
        images.translate("Qui ?")
    (tmp_path / "texts").mkdir()
    texts = Models(finish(tmp_path / "texts"))
    page = wordbridge.serve.render_page(texts)
    assert ('id="text"' in page, 'id="form"' in page) == (True, False)
    assert texts.thumbnail("toy/own/1.png") is None
    with pytest.raises(InputError, match="expected a run with search indexes, got none"):
        texts.find_by_words("boat", french=False)
    with pytest.raises(InputError, match="expected trained translators, got no such folder"):
        Models(tmp_path / "none")


def test_a_busy_port_is_an_error_of_one_line(results: Path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        run = CliRunner().invoke(app, ["serve", "--results", str(results), "--port", port])
    assert run.exit_code == 1
    assert run.stderr.startswith(
        f"error: serve: expected a free port of this machine, got 127.0.0.1, port {port}"
    )
    assert run.stderr.count("\n") == 1


def test_the_command_listens_on_this_machine_alone(results: Path, monkeypatch: pytest.MonkeyPatch):
    names: list[Any] = []

    def note(self: uvicorn.Server, sockets: list[socket.socket]) -> None:
        names.append(sockets[0].getsockname())
        raise KeyboardInterrupt

    monkeypatch.setattr(uvicorn.Server, "run", note)
    run = CliRunner().invoke(app, ["serve", "--results", str(results), "--port", "0"])
    assert names[0][0] == "127.0.0.1"
    assert run.stdout.startswith(f"http://127.0.0.1:{names[0][1]}/ ")


def test_ctrl_c_does_not_wait_for_an_upload(results: Path):
    arguments = ["serve", "--results", str(results), "--port", "0"]
    with subprocess.Popen(
        [sys.executable, "-c", f"from wordbridge.cli import app; app({arguments})"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(PACKAGE)},
    ) as server:
        try:
            assert server.stdout is not None
            host = server.stdout.readline().partition("//")[2].partition("/")[0]
            requests.get(f"http://{host}/", timeout=60)
            with closing(HTTPConnection(host)) as upload:
                upload.putrequest("POST", "/images")
                upload.putheader("Content-Length", "9")
                upload.endheaders(b"stuck")
                time.sleep(0.5)
                server.send_signal(signal.SIGINT)
                assert server.communicate(timeout=20) == ("", "")
            assert server.returncode == 0
        finally:
            server.kill()


def test_without_the_extra_the_error_has_the_remedy(results: Path):
    code = (
        "import sys; sys.modules['uvicorn'] = None; from wordbridge.cli import app; "
        f"app(['serve', '--results', {str(results)!r}])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(PACKAGE)},
    )
    assert run.returncode == 1
    assert run.stderr == (
        "error: serve: expected the packages of its extra, got no uvicorn; run "
        ".venv/bin/python -m pip install --editable '.[serve]' in the checkout\n"
    )


def test_a_client_that_has_left_costs_no_translation(address: str, monkeypatch: pytest.MonkeyPatch):
    texts: list[str] = []

    def slow(self: Models, text: str) -> list[Any]:
        texts.append(text)
        time.sleep(1)
        return []

    monkeypatch.setattr(Models, "translate", slow)
    first = threading.Thread(target=requests.get, args=(f"{address}/translations?text=first",))
    first.start()
    time.sleep(0.3)
    with pytest.raises(requests.Timeout):
        requests.get(f"{address}/translations", {"text": "left"}, timeout=0.3)
    assert requests.get(f"{address}/translations", {"text": "last"}).status_code == 200
    first.join()
    assert texts == ["first", "last"]


@pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (420, True)])
def test_the_page_translates_and_finds_images(
    address: str, results: Path, tmp_path: Path, width: int, dark: bool
):
    with Page(tmp_path, address, width, dark) as page:
        ready = "byId('cards').getAttribute('aria-busy') === 'false'"
        page.wait(ready)
        page.value("byId('text').value = ''")
        page.type("Qui <b>vient</b> ?")
        page.wait(f"{ready} && document.querySelector('.unknown').textContent.includes('<, b')")
        assert page.value("document.querySelectorAll('article .translation').length") == 3
        page.press("Tab")  # to the first word of the first translation
        page.press("ArrowRight")
        assert page.value("document.activeElement.getAttribute('aria-pressed')") == "true"
        assert "%" in page.value("document.querySelector('[aria-live]').textContent")

        page.value("byId('query').focus()")
        page.type("boat + sail")
        page.press("Enter")
        page.wait("byId('hits').children.length === 7")
        assert page.value("document.querySelector('figcaption').firstChild.textContent") == "boat"
        page.value("byId('query').value = ''")
        page.type("baot")
        page.press("Enter")
        page.wait("byId('found').classList.contains('error')")
        assert "did you mean boat" in page.value("byId('found').textContent")
        page.drop(results / "files/0.png", "#drop")
        page.wait("byId('found').textContent.startsWith('7 images near 0.png')")
        assert page.value("document.querySelector('figcaption').firstChild.textContent") == "cat"
        page.wait("[...document.querySelectorAll('#hits img')].some((image) => image.naturalWidth)")

        background = page.value("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(255, 255, 255)") != dark
        assert page.value("document.documentElement.scrollWidth") <= width
        expected = (
            "Failed to load resource: the server responded with a status of 400 (Bad Request)"
        )
        assert page.errors == [expected]  # chromium reports the unknown word, too
