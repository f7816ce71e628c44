"""Progress of downloads."""

import pytest

from wordbridge import progress
from wordbridge.progress import byte_bar


def test_a_log_gets_a_line_now_and_then_and_one_at_the_end(monkeypatch, capsys):
    now = iter(range(0, 1000, 4))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(now)))
    with byte_bar("example.org", 10_000_000, done=1_000_000) as advance:
        for _ in range(4):
            advance(2_000_000)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("example.org: 7.0 of 10.0 MB in ")
    assert lines[-1].startswith("example.org: 9.0 of 10.0 MB in ")
    assert len(lines) == 2


@pytest.mark.parametrize("total", [None, 5])
def test_a_terminal_gets_a_bar(monkeypatch, capsys, total):
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    with byte_bar("example.org", total) as advance:
        advance(5)
    assert "example.org" in capsys.readouterr().err
