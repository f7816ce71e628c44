"""Tests of progress: lines of a log, bars of a terminal, and none."""

import os
import sys

import pytest

from wordbridge import progress
from wordbridge.progress import Terminal, byte_bar, no_progress
from wordbridge.progress import progress as progress_of


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


def test_no_progress_is_shown_where_it_is_hidden_and_other_lines_are(capsys):
    with no_progress():
        assert list(progress_of([1, 2], "translating")) == [1, 2]
        print("a warning", file=sys.stderr)
    assert capsys.readouterr().err == "a warning\n"
    assert list(progress_of([3], "translating")) == [3]
    assert capsys.readouterr().err.startswith("translating: 1 it")


@pytest.mark.parametrize("total", [None, 5])
def test_a_terminal_gets_a_bar(monkeypatch, capsys, total):
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    with byte_bar("example.org", total) as advance:
        advance(5)
    assert "example.org" in capsys.readouterr().err


def test_a_job_shows_lines_but_no_bars_where_its_output_is_no_terminal(capsys):
    reader, writer = os.pipe()
    terminal = Terminal()
    terminal.show("of a process that is no job")
    terminal.attach(writer, "train_translator all 1")
    assert terminal.bar([1], "epoch 3").disable
    terminal.show("epoch 3 of 12, bleu 9.5, about 4 min left")
    line = b"train_translator all 1: epoch 3 of 12, bleu 9.5, about 4 min left\n"
    assert os.read(reader, 99) == line
    os.close(reader)
    terminal.show("to nobody")  # the job does not fail
    assert terminal.stream
    terminal.stream.close()
    os.close(writer)
    assert capsys.readouterr() == ("", "")
