"""The comparison with the lesson's port, on a few made-up sentences."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import compare_with_lesson
from benchmarks.lesson_table import write_comparison
from benchmarks.port_run import run_port
from wordbridge.translation.forcing import forcing_chance
from wordbridge.translation.settings import ForcingSettings

ROOT = Path(__file__).resolve().parents[1]
REAL_PORT = ROOT.parent / "shared" / "yardstick" / "lesson_port.py"
VARIANTS = ["forcing", "attention"]
LINES = 60

# What the script expects of a port, without learning anything: it answers every question alike.
FAKE_PORT = r"""
import json, re, sys
from pathlib import Path
import numpy as np
en, fr, _, _, out, *named = sys.argv[1:]
options = dict(zip(named[::2], named[1::2]))
def say(stage, **figures):
    print(json.dumps({"stage": stage, "seconds": 0.5, **figures}), flush=True)
texts = [Path(path).read_text(encoding="utf-8").splitlines() for path in (en, fr)]
pairs = [(e.split(), f.split()) for e, f in zip(*texts) if "?" in e and "?" in f]
words = [{word.lower() for pair in pairs for word in pair[side]} for side in (0, 1)]
say("extract", pairs=len(pairs))
say("tokenize", pairs=len(pairs))
say("vocab", en=len(words[0]) + 4 + EXTRA, fr=len(words[1]) + 4)
say("vectors")
is_valid = np.random.RandomState(42).rand(len(pairs)) <= 0.1
limit = int(np.percentile([len(e) + 1 for e, _ in pairs], 99))
valid = [" ".join(e[:limit]).lower() for (e, _), here in zip(pairs, is_valid) if here]
valid.sort(key=lambda text: -len([*text.split(), ""][:limit]))
Path(out).mkdir()
for variant in options["--variants"].split(","):
    for epoch in range(int(options["--epochs"])):
        train = {"train_seconds": 2.0 + epoch, "tokens_per_s": 10 + epoch}
        say("train." + variant, **train, trn_loss=5.5 - epoch, val_loss=7.5 - epoch)
    say("translate." + variant)
    Path(out, variant + ".hyp").write_text("".join(text + "\n" for text in valid))
    Path(out, "ref").write_text("".join(text + "\n" for text in valid))
"""


@pytest.fixture
def texts(tmp_path: Path) -> list[str]:
    """Return the paths of an English text and a compressed French one."""
    draw = np.random.RandomState(3)
    english, french = [], []
    for number in range(LINES):
        words = [f"{chr(97 + place)}ord" for place in draw.randint(26, size=3 + number % 5)]
        english.append(" ".join(["Who", *words, "?" if number % 6 else "."]) + "\n")
        french.append(" ".join(["qui", *reversed(words), "encore", "?"]) + "\n")
    (tmp_path / "some.en").write_text("".join(english), encoding="utf-8")
    with gzip.open(tmp_path / "some.fr.gz", "wt", encoding="utf-8") as file:
        file.writelines(french)
    return [str(tmp_path / "some.en"), str(tmp_path / "some.fr.gz")]


FEW = ["--epochs", "2", "--batches", "1", "--vector-lines", "7", "--vector-epochs", "1"]
FEW += ["--variants", *VARIANTS]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the project's stages in this process, which saves the start of six others."""
    monkeypatch.setattr(compare_with_lesson, "alone", lambda stage, *given: stage(*given))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # the command sets it, too, and for good


def figures(out: Path) -> dict[tuple[str, str], list[str]]:
    """Return the cells (port, lesson, corrected) of each row of the table."""
    lines = (out / "comparison.tsv").read_text(encoding="utf-8").split("\n")[1:-1]
    return {(cells[0], cells[1]): cells[2:] for cells in (line.split("\t") for line in lines)}


def fake_port(folder: Path, extra: int = 0) -> Path:
    port = folder / "port.py"
    port.write_text(FAKE_PORT.replace("EXTRA", str(extra)), encoding="utf-8")
    return port


@pytest.mark.usefixtures("here")
def test_the_table_has_the_figures_of_both_programs(
    texts: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    compare_with_lesson.main([*texts, str(fake_port(tmp_path)), str(out), *FEW])

    shown = capsys.readouterr().out
    assert shown.rstrip() == (out / "comparison.md").read_text(encoding="utf-8").rstrip()
    assert "one thread each" in shown
    assert "only the times say something" in shown
    table = figures(out)
    assert table["extraction", "lines/s"][0] == str(LINES * 2)
    assert float(table["extraction", "lines/s"][1]) > 0
    assert float(table["vectors", "seconds"][1]) > 0
    for variant in VARIANTS:
        port = {name: cells[0] for (subject, name), cells in table.items() if subject == variant}
        assert port["training loss, last 50 batches"] == "4.5"
        assert port["validation loss, free-running"] == "6.5"
        assert port["training, s"] == "5"
        assert port["tokens/s"] == "11"  # (2 s * 10 + 3 s * 11) / 5 s, rounded
        assert port["BLEU"] == "100"
        for name in ("training loss, last 50 batches", "validation loss, free-running"):
            lesson, corrected = map(float, table[variant, name][1:])
            assert 0 < lesson < 20
            assert 0 < corrected < 20
            assert lesson != corrected
        assert table[variant, "batch size"] == ["", "125", "64"]


def test_the_caption_explains_how_preset_corrected_differs(tmp_path: Path) -> None:
    presets = {
        name: compare_with_lesson.preset(paths)
        for name, paths in compare_with_lesson.PRESETS.items()
    }
    sides = {name: {"forcing": {"bleu": 3.5}} for name in ("port", *presets)}
    for epochs, forced in ((2, "2 of the 2"), (9, "7 of the 9")):
        facts = compare_with_lesson.caption_facts(presets, epochs)
        text = write_comparison(sides, tmp_path / "comparison", facts, batches=0)
        assert f"every word is forced in the first 7 epochs, that is in {forced} here" in text
        assert "recurrent layers: 1, where the port and preset lesson have 2; a readout" in text
        assert "label smoothing (0.1)" in text
        assert "running mean of its weights (decay 0.99), at the epoch with the best BLEU" in text
    settings = ForcingSettings(**presets["corrected"]["variants"]["forcing"]["forcing"])
    chances = [forcing_chance(settings, epoch) for epoch in range(8)]
    assert [chance == 1 for chance in chances] == [True] * 7 + [False]


@pytest.mark.usefixtures("here")
def test_sides_with_other_words_are_not_compared(texts: list[str], tmp_path: Path) -> None:
    port = fake_port(tmp_path, extra=1)
    with pytest.raises(RuntimeError, match="comparison is void"):
        compare_with_lesson.main([*texts, str(port), str(tmp_path / "out"), *FEW])
    assert not (tmp_path / "out" / "comparison.tsv").exists()


def test_a_port_that_fails_is_named(tmp_path: Path) -> None:
    port = tmp_path / "broken.py"
    port.write_text("raise SystemExit(3)")
    with pytest.raises(RuntimeError, match=r"broken\.py: .* got exit code 3 without extract, "):
        run_port(port, [])


@pytest.mark.long  # many imports of torch or spaCy
@pytest.mark.skipif(not REAL_PORT.exists(), reason="the port is not here: ../shared/yardstick")
def test_the_command_runs_with_the_real_port(texts: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "benchmarks.compare_with_lesson", *texts]
    done = subprocess.run(
        [*command, str(REAL_PORT), str(out), *FEW],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow" / "scripts")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    table = figures(out)
    for variant in VARIANTS:
        for name in ("training loss, last 50 batches", "validation loss, free-running"):
            assert all(0 < float(cell) < 20 for cell in table[variant, name])
    assert all(float(cell) > 0 for cell in table["vectors", "seconds"])
