"""Tests of the benchmarks on small files."""

import argparse
import os
import platform
import random
import re
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks import measure_convergence, measure_growth, run_all
from benchmarks.measure_convergence import Epoch, project_curve, reference_curve
from benchmarks.measure_extraction import METHODS, cosine, readable
from benchmarks.measure_training import (
    COLUMNS,
    SIZES,
    benchmark_trainer,
    build_reference,
    compare,
    parse_options,
    synthetic_pairs,
    variant_blocks,
)
from benchmarks.plain_translator import PlainSettings, PlainTraining, PlainTranslator
from tests.settings import defaults
from tests.translation.toys import (
    HIDDEN,
    SOURCE_WORDS,
    TARGET_WIDTH,
    TARGET_WORDS,
    VARIANTS,
    reversals,
    settings,
    translator,
)
from wordbridge.corpus.batches import pad
from wordbridge.corpus.ids import pack, write_ids
from wordbridge.corpus.special_tokens import EOS, PAD
from wordbridge.images.efficientnet import EfficientNetLite
from wordbridge.translation.training import TranslatorTrainer
from wordbridge.translation.translator import Translator

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read in /proc")
def test_both_readers_agree_on_a_small_file(tmp_path: Path) -> None:
    arguments = ["--size", "0.004", "--words", "200", "--rounds", "1", "--shapes", "wiki", "words"]
    arguments += ["--folder", str(tmp_path)]
    command = [sys.executable, "-m", "benchmarks.measure_bin_reader", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow" / "scripts")}

    process = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True, env=environment
    )

    head, *rows = [line.split("\t") for line in process.stdout.splitlines()]
    table = [dict(zip(head, row, strict=True)) for row in rows]
    readers = [(row["shape"], row["reader"]) for row in table]
    assert readers == [(s, r) for s in ("wiki", "words") for r in ("lesson", "wordbridge")]
    for row in table:
        assert float(row["file_mb"]) == pytest.approx(4, rel=0.05)
        assert float(row["largest_difference"]) < 1e-6
        assert float(row["seconds"]) > 0
        assert float(row["peak_mb"]) > 1
    assert not list(tmp_path.iterdir())


def test_both_extractions_compute_the_same_features(tmp_path: Path) -> None:
    torch.manual_seed(6)
    network = EfficientNetLite("efficientnet_lite0")
    torch.save(network.state_dict(), tmp_path / "weights")
    (tmp_path / "a").mkdir()
    for number in range(3):
        noise = np.random.default_rng(number).integers(256, size=(9, 12, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((300, 260)).save(tmp_path / "a" / f"{number}.png")
    options = argparse.Namespace(
        backbone="efficientnet_lite0", weights=tmp_path / "weights", threads=1, batch_size=2
    )
    files = readable(tmp_path)
    assert [path.name for path in files] == ["0.png", "1.png", "2.png"]

    features = {name: METHODS[name](options)(files) for name in ("loop", "wordbridge")}

    assert features["loop"].shape == features["wordbridge"].shape == (3, 2560)
    assert cosine(features["wordbridge"], features["loop"]) > 0.999
    assert cosine(features["wordbridge"], features["loop"][[1, 2, 0]]) < 0.999


def test_a_folder_without_images_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no images"):
        readable(tmp_path)


def copied(model: Translator) -> PlainTranslator:
    """Return the plain reference with the weights of ``model``."""
    plain = build_reference(model)
    weights = {}
    for name, value in model.state_dict().items():
        name = re.sub(r"encoder\.layers\.(\d)\.rnn\.(.*)_l0", r"encoder.\2_l\1", name)
        name = re.sub(r"decoder\.layers\.(\d)\.rnn\.(.*)_l0", r"cells.\1.\2", name)
        name = re.sub(r"decoder\.bridges\.\w+", "bridge", name)
        name = name.replace("encoder.embedding", "source").replace("decoder.embedding", "target")
        name = name.replace("decoder.output", "output").replace("decoder.attention", "attention")
        name = name.replace("attention.combine", "combine")
        if name in ("attention.keys", "attention.score"):
            name, value = f"{name}.weight", value.reshape(len(value), -1).t()
        weights[name] = value
    plain.load_state_dict(weights)
    return plain


@pytest.mark.parametrize("forcing", [0.0, 1.0])
@pytest.mark.parametrize("name", VARIANTS)
def test_the_plain_reference_computes_the_equations_of_the_project(
    name: str, forcing: float
) -> None:
    translator_settings = settings(VARIANTS[name], deep_output=False)
    model = translator(translator_settings).eval()
    plain = copied(model).eval()
    source, target = pad([[5, 6, 7, 8, EOS], [9, EOS]]), pad([[4, 5, EOS], [6, EOS]])
    lengths, forced = torch.tensor([5, 2]), torch.full((3, 2), bool(forcing))
    with torch.no_grad():
        expected = model.logits(model(source, lengths, 3, target, forced).outputs)
        logits = plain(source, lengths, target, forcing)
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("forcing", [0.0, 0.5, 1.0])
def test_the_loss_of_the_plain_reference_falls(forcing: float) -> None:
    torch.manual_seed(3)
    random.seed(3)
    data = reversals(60, seed=2)
    embeddings = torch.randn(SOURCE_WORDS, 5), torch.randn(TARGET_WORDS, TARGET_WIDTH)
    sizes = {"layers": 2, "hidden": HIDDEN, "bidirectional": True, "attention": True, "tied": True}
    parts = ("source", "encoder", "bridge", "decoder", "output")
    options = PlainSettings(**sizes, **{f"{part}_dropout": 0.0 for part in parts})
    model = PlainTranslator(options, *embeddings)
    training = PlainTraining(model, 0.01, (0.9, 0.99))
    batch = data.batch(range(60))
    arguments = batch.source, batch.source_lengths, batch.target, forcing
    losses = [training.step(*arguments) for _ in range(40)]
    assert losses[-1] < 0.7 * losses[0]


def test_padding_does_not_change_the_plain_reference() -> None:
    translator_settings = settings(VARIANTS["all"], deep_output=False)
    plain = copied(translator(translator_settings)).eval()
    target, lengths = pad([[4, 5, EOS]]), torch.tensor([3])
    short = plain(pad([[5, 6, EOS]]), lengths, target, 1.0)
    padded = plain(pad([[5, 6, EOS, PAD, PAD]]), lengths, target, 1.0)
    torch.testing.assert_close(short, padded)


def test_the_table_of_trainings_has_a_line_per_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = {"training": {"batch_size": 3, "epochs": 2, "auxiliary_epochs": 1}}
    sizes = replace(SIZES["default"], pairs=9, source_words=11, target_words=13, width=6)
    monkeypatch.setitem(SIZES, "default", replace(sizes, changes=changes))
    monkeypatch.chdir(ROOT)
    arguments = ["--batches", "2", "--rounds", "1", "--device", "cpu"]
    if torch.cpu.get_capabilities().get("avx512_bf16"):
        arguments += ["--precision", "float32", "bfloat16"]
    options = parse_options(arguments)

    blocks = {name: variant_blocks(options, name) for name in options.precision}
    for variant in ("baseline", "all"):
        trainers = {name: benchmark_trainer(b[variant], options) for name, b in blocks.items()}
        rows = [line.split("\t") for line in compare(trainers, options)]

        assert [row[0] for row in rows] == options.precision
        assert {len(row) for row in rows} == {len(COLUMNS) - 2}  # variant and K80 come later
        assert all(isfinite(float(value)) for row in rows for value in row[1:])
    assert rows[0][3] == rows[0][4]  # both relate to float32


def test_the_lesson_sizes_are_those_of_the_lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    block = variant_blocks(parse_options(["--sizes", "lesson"]), "float32")["all"]
    assert (block["model"]["layers"], block["model"]["hidden"]) == (2, 256)
    assert block["training"]["batch_size"] == 125
    pairs = synthetic_pairs(replace(SIZES["lesson"], pairs=2000))
    assert (pairs.target_lengths.max(), pairs.target_lengths.min()) == (29, 3)
    assert 11 < pairs.target_lengths.mean() < 15
    assert pairs.source.ids.max() < 24_793


def test_equal_equations_leave_out_what_the_reference_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    block = variant_blocks(parse_options(["--equal"]), "float32")["baseline"]
    assert not block["model"]["deep_output"]
    names = ("clip_norm", "ema_decay", "label_smoothing")
    assert [block["training"][name] for name in names] == [None, 0, 0]


def test_the_reference_has_the_settings_of_each_variant() -> None:
    for name in VARIANTS:
        plain = build_reference(translator(settings(VARIANTS[name])))
        assert plain.settings.attention == (name in ("attention", "all"))
        assert plain.settings.bidirectional == (name in ("bidirectional", "all"))
        assert plain.output.weight is plain.target.weight


def test_trainings_are_measured_on_the_texts_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    for folder in ("ids", "embeddings"):
        (tmp_path / folder).mkdir()
    for language, words in (("fr", 11), ("en", 9)):
        texts = pack(
            [[4, 5, EOS]] * 4 + [[6, EOS]], [*["train"] * 3, "valid", "auxiliary"], ["k"] * 5
        )
        write_ids(texts, tmp_path / "ids" / f"{language}.npz")
        np.save(tmp_path / "embeddings" / f"{language}.npy", np.ones((words, 6), np.float32))
    options = parse_options(["--run", str(tmp_path), "--device", "cpu"])
    trainer = benchmark_trainer(variant_blocks(options, "float32")["baseline"], options)
    assert build_reference(trainer.model).source.weight.shape == (12, 6)  # a tag for the version
    assert trainer.train_data.batch([0]).source_lengths.tolist() == [4]


def test_curves_compare_the_time_to_the_best_bleu_of_the_reference() -> None:
    reference = [Epoch(2.0, 10.0), Epoch(5.0, 20.0), Epoch(4.0, 30.0)]
    fast = [Epoch(4.9, 4.0), Epoch(5.0, 6.0), Epoch(8.25, 9.0)]
    assert [*measure_convergence.compare(fast, reference)] == [
        *("3", "8.2", "9", "5.0", "30", "6", "5.00"),
    ]
    slow = [Epoch(4.9, 4.0)]
    assert [*measure_convergence.compare(slow, reference)][-2:] == ["never", ""]


def test_only_training_steps_count_in_a_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(measure_convergence.time, "process_time", lambda: clock[0])

    def train(epoch: int) -> None:
        clock[0] += epoch + 1

    def validate() -> float:
        clock[0] += 100
        return clock[0]

    assert measure_convergence.curve(train, validate, 2) == [Epoch(101, 1), Epoch(203, 3)]


def test_the_project_and_the_reference_learn_to_reverse() -> None:
    model = translator(settings(VARIANTS["attention"], deep_output=False))
    options = {"batch_size": 30, "epochs": 8, "learning_rate": 0.04}
    data = reversals(300, seed=2, longest=6)
    trainer = TranslatorTrainer(
        model,
        settings(VARIANTS["attention"], training=options),
        data,
        reversals(50, seed=3, longest=6),
        seed=1,
    )
    reference = reference_curve(trainer)
    project = project_curve(trainer)
    for epochs in (reference, project):
        assert len(epochs) == 8
        assert max(epochs).bleu > epochs[0].bleu


@pytest.mark.parametrize("power", [0.5, 1, 2])
def test_the_exponent_of_a_curve_is_its_power(power: float) -> None:
    sizes = np.array([30, 60, 120, 240])
    assert measure_growth.exponent(sizes, 7 * sizes**power) == pytest.approx(power)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read in /proc")
def test_a_stage_has_seconds_of_all_sizes_and_its_peak_memory() -> None:
    config = {block: defaults(block) for block in ("vocabulary", "lengths")}
    cells = measure_growth.row(config, "numericalize", scale=0.01, rounds=1).split("\t")
    assert cells[:3] == ["numericalize", "pairs", "100"]
    assert len(cells) == len(measure_growth.COLUMNS)
    assert all(float(cell) > 0 for cell in cells[3:])


# ---- The page -----------------------------------------------------------------------------------


def test_the_page_has_a_section_per_benchmark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(table: str, *arguments: str) -> str:
        folders = ["--run", str(tmp_path), "--out", str(tmp_path / "README.md")]
        options = run_all.parse_options([*arguments, *folders])
        monkeypatch.setattr(run_all, "table", lambda benchmark, _: f"{table} {benchmark.module}")
        monkeypatch.setattr(run_all, "parse_options", lambda: options)
        run_all.main()
        monkeypatch.undo()
        return (tmp_path / "README.md").read_text(encoding="utf-8")

    page = write("first", "--note", "Other work ran.")
    titles = re.findall("^## (.*)$", page, flags=re.MULTILINE)
    assert titles == [benchmark.title for benchmark in run_all.BENCHMARKS.values()]
    assert page.count("first measure_training") == (4 if torch.cuda.is_available() else 3)
    assert "Not run: no translators in " in page
    assert "Not run: no folder of photographs; run `make benchmark PHOTOS=FOLDER`." in page
    assert " Other work ran.\n" in page
    assert f"Python {platform.python_version()}, torch {torch.__version__.split('+')[0]}" in page

    again = write("second", "--only", "bin_reader", "extraction", "--note", "Other work ran.")
    assert again == page.replace("first measure_bin_reader", "second measure_bin_reader")


@pytest.mark.parametrize("benchmark", run_all.BENCHMARKS.values(), ids=run_all.BENCHMARKS)
def test_each_command_of_the_page_has_known_options(
    benchmark: run_all.Benchmark, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = run_all.section(benchmark, "")
    assert start.rstrip() in (ROOT / "benchmarks/README.md").read_text(encoding="utf-8")
    monkeypatch.setattr("sys.argv", [benchmark.module, *benchmark.arguments])
    assert import_module(f"benchmarks.{benchmark.module}").parse_options()


def test_features_need_the_weights_of_the_backbone(tmp_path: Path) -> None:
    arguments = ["--photos", str(tmp_path), "--weights", str(tmp_path / "none")]
    options = run_all.parse_options(arguments)
    assert "none; run `make` first" in str(run_all.obstacle("extraction", options))
    (tmp_path / "none").touch()
    assert run_all.obstacle("extraction", options) is None


def test_a_table_is_that_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        assert command[1:] == ["-m", "benchmarks.measure", "photos", "--threads", "2"]
        return subprocess.CompletedProcess(command, 0, "a_b\tc\n1.50\t\n2\t0.30\n")

    monkeypatch.setattr(run_all.subprocess, "run", run)
    benchmark = run_all.Benchmark("", "", "measure", ("FOLDER", "--threads", "2"))
    text = run_all.table(benchmark, run_all.parse_options(["--photos", "photos"]))
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in text.splitlines()]
    assert [cells[0], *cells[2:]] == [["a b", "c"], ["1.50", ""], ["2", "0.30"]]


def test_the_processor_has_its_matrix_units(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("model name\t: Some CPU\nflags\t\t: fpu avx2 amx_bf16 avx512f\n\n")
    assert run_all.processor(cpuinfo) == "Some CPU (AMX bf16, AVX-512, AVX2)"
