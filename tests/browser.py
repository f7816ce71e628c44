"""A page in headless chromium, controlled by the DevTools protocol over two pipes."""

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from fcntl import F_DUPFD, fcntl
from pathlib import Path
from typing import Any, Self

CHROMIUM = shutil.which("chromium") or ""
SECONDS = 60  # until a condition is an error
# Chromium reads commands from descriptor 3 and writes answers to 4.
START = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); "
    "os.execv(sys.argv[3], sys.argv[3:])"
)
OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
KEYS = {"Enter": (13, "\r"), "Tab": (9, ""), "ArrowRight": (39, ""), "ArrowLeft": (37, "")}


class Page:
    """A page of ``width`` pixels; ``errors`` are what its console reports."""

    def __init__(self, folder: Path, address: str, width: int, dark: bool = False) -> None:
        self.errors: list[str] = []
        inner = [os.pipe(), os.pipe()]
        ends = [fcntl(inner[0][0], F_DUPFD, 10), fcntl(inner[1][1], F_DUPFD, 10)]
        command = [CHROMIUM, *OPTIONS, f"--user-data-dir={folder / 'profile'}"]
        words = [sys.executable, "-c", START, *map(str, ends), *command]
        self._process = subprocess.Popen(words, pass_fds=ends, stderr=subprocess.DEVNULL)
        for descriptor in (*ends, inner[0][0], inner[1][1]):
            os.close(descriptor)
        self._commands, self._answers = os.fdopen(inner[0][1], "wb"), os.fdopen(inner[1][0], "rb")
        self._rest, self._count, self._session = b"", 0, {}
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Runtime", "Log", "DOM"):
            self.call(f"{domain}.enable")
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._commands.close()
        self._process.kill()
        self._process.wait()
        self._answers.close()

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return the result of a command; console messages on the way are collected."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters, **self._session}
        self._commands.write(json.dumps(message).encode() + b"\0")
        self._commands.flush()
        while True:
            answer = self._read()
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                return answer["result"]
            if answer.get("method") == "Runtime.exceptionThrown":
                self.errors.append(json.dumps(answer["params"]))
            if answer.get("method") == "Log.entryAdded":
                entry = answer["params"]["entry"]
                self.errors += [entry["text"]] if entry["level"] == "error" else []

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            data = self._answers.read1()
            assert data, "chromium ended"
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\0")
        return json.loads(line)

    def value(self, expression: str) -> Any:
        """Return the value of an expression of JavaScript."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait(self, expression: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + SECONDS
        while not self.value(expression):
            assert time.monotonic() < end, (expression, self.value("document.body.innerText"))
            time.sleep(0.05)

    def type(self, text: str) -> None:
        """Type a text into the element with the focus."""
        for letter in text:
            self.call("Input.insertText", text=letter)

    def press(self, key: str) -> None:
        """Press a key."""
        code, text = KEYS[key]
        event = {"key": key, "code": key, "windowsVirtualKeyCode": code, "text": text}
        for kind in ("keyDown" if text else "rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, **event)

    def drop(self, file: Path, selector: str) -> None:
        """Drop a file on an element."""
        box = f"document.querySelector({selector!r}).getBoundingClientRect()"
        self.value(f"document.querySelector({selector!r}).scrollIntoView()")
        place = {"x": self.value(f"{box}.x") + 9, "y": self.value(f"{box}.y") + 9}
        data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.call("Input.dispatchDragEvent", type=kind, data=data, **place)

    def screenshot(self, path: Path) -> None:
        """Write the whole page as PNG."""
        result = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(result["data"]))
