"""Tests of the comparison of two runs."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.manifest_toys import RESULTS, TABLE, UPPER, facts, record, write_record, write_tree
from tests.report.toys import sentence_scores, spoiled
from wordbridge.cli import app
from wordbridge.errors import InputError
from wordbridge.report.compare import compare_runs, comparison_text
from wordbridge.translation.sentence_scores import write_sentence_scores

REFERENCES = [f"who is the {word} of this place?" for word in "abcdefghijklmnopqrst"]


def write_scores(
    results: Path, variant: str, wrong: float, sources: list[str], seed: int = 1
) -> None:
    chance = Random(5)
    texts = [spoiled(text, wrong, chance) for text in REFERENCES]
    path = results / f"scores/{variant}/{seed}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_sentence_scores(path, sentence_scores(texts, REFERENCES, sources))


def write_hits(results: Path, method: str, hit: float, count: int = 40) -> None:
    nouns = [
        {
            "candidates": "seen",
            "synset": f"n{number:08}",
            "images": 1,
            "hit@5": float(number < 40 * hit),
            "wrong": 1,
            "wrong_steps": 3.0,
        }
        for number in range(count)
    ]
    path = results / f"devise_scores/{method}/1.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"method": method, "nouns": nouns}))


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    """Return two runs: another setting, another module, and some other scores."""
    first, second = (write_tree(tmp_path / name) for name in ("first", "second"))
    params: dict[str, Any] = {"settings": {"case": {"of": "words"}, "size": 3}}
    write_record(tmp_path / "second", UPPER | {"params": params})
    write_record(
        tmp_path / "second", TABLE | {"code": {"table.py": "a1", "wordbridge/files.py": "c3"}}
    )
    for folder, wrong, hit in ((first, 0.5, 0.3), (second, 0.1, 0.3)):
        write_scores(folder, "attention", wrong, REFERENCES)
        write_scores(folder, "all", 0.2, REFERENCES)
        write_hits(folder, "ridge", hit)
    write_scores(first, "other", 0.5, REFERENCES)
    write_scores(second, "other", 0.5, REFERENCES[::-1])
    write_scores(second, "extra", 0.5, REFERENCES)
    return first, second


def test_settings_code_and_scores_that_differ_are_listed(runs: tuple[Path, Path]) -> None:
    result = compare_runs(*runs)
    assert result["settings"] == [
        {
            "rule": "upper", "key": "settings.case.of", "old": "letters", "new": "words",
            "jobs": ["upper 1"],
        }
    ]  # fmt: skip
    assert result["code"] == ["wordbridge/files.py"]
    verdicts = {(each["name"], each["score"]): each["verdict"] for each in result["scores"]}
    assert verdicts == {
        ("attention", "BLEU"): "differs",
        ("all", "BLEU"): "not significant",
        ("other", "BLEU"): "other test data",
        ("ridge", "hit@5 seen, %"): "not significant",
    }
    better = next(each for each in result["scores"] if each["name"] == "attention")
    assert 0 < better["low"] < better["second"] - better["first"] < better["high"]


def test_scores_of_an_earlier_configuration_do_not_count(runs: tuple[Path, Path]) -> None:
    before = next(each for each in compare_runs(*runs)["scores"] if each["name"] == "attention")
    files = {
        "inputs": {f"{RESULTS}/scores/attention/1.tsv": facts("")},
        "outputs": {f"{RESULTS}/tables/scores.tsv": facts("")},
    }
    for folder in runs:
        write_record(folder.parents[1], record("tabulate_scores", [], []) | files)
        write_scores(folder, "attention", 0.9, REFERENCES[:5], seed=2)
    now = [each for each in compare_runs(*runs)["scores"] if each["score"] == "BLEU"]
    shown = ("name", "first", "second")
    assert [[each[key] for key in shown] for each in now] == [[before[key] for key in shown]]


def test_a_score_without_case_is_not_compared_with_one_with_case(runs: tuple[Path, Path]) -> None:
    for folder, lowercase in zip(runs, (True, False), strict=True):
        job = record("score_translations", [], [], wildcards={"variant": "attention", "seed": "1"})
        job["outputs"] = {f"{RESULTS}/scores/attention/1.tsv": facts("")}
        job["params"] = {"settings": {"lowercase": lowercase}}
        write_record(folder.parents[1], job)
    scores = {each["name"]: each for each in compare_runs(*runs)["scores"]}
    assert scores["attention"]["verdict"] == "one ignores case"
    assert scores["attention"]["p_value"] is None
    assert scores["all"]["verdict"] == "not significant"


def test_the_command_prints_text_or_json(runs: tuple[Path, Path]) -> None:
    shown = CliRunner().invoke(app, ["compare", *map(str, runs)]).output
    assert "  upper  settings.case.of: letters -> words  (1)" in shown
    assert "  wordbridge/files.py" in shown
    assert [line.split()[0] for line in shown.splitlines()[-4:]] == [
        "all",
        "attention",
        "other",
        "ridge",
    ]
    values = json.loads(CliRunner().invoke(app, ["compare", "--json", *map(str, runs)]).output)
    assert values["settings"][0]["key"] == "settings.case.of"
    assert values["scores"][0]["verdict"] == "not significant"


def test_a_difference_is_not_rounded_to_0(runs: tuple[Path, Path]) -> None:
    result = compare_runs(*runs)
    (row,) = (each for each in result["scores"] if each["name"] == "attention")
    result["scores"] = [row | {"first": 0.01, "second": 0.022, "low": 0.002, "high": 0.031}]
    assert "0.0      0.0       +0.012 [0.002, 0.031]" in comparison_text(result, *runs)


@pytest.mark.parametrize("few", [19, 20])
def test_few_groups_are_a_warning(tmp_path: Path, few: int) -> None:
    runs = [write_tree(tmp_path / name) for name in ("first", "second")]
    for folder in runs:
        write_scores(folder, "attention", 0.5, REFERENCES[:few])
        write_hits(folder, "ridge", 0.3, few)
    shown = CliRunner().invoke(app, ["compare", *map(str, runs)]).output
    notes = [
        f"There are 19 {groups}: intervals from fewer than 20 are too narrow, and their p-values "
        "too small."
        for groups in ("groups of sentences", "nouns")
    ]
    assert shown.splitlines()[-2:] == notes if few < 20 else "narrow" not in shown
    assert compare_runs(*runs)["notes"] == (notes if few < 20 else [])


def test_equal_runs_have_no_differences(runs: tuple[Path, Path]) -> None:
    result = compare_runs(runs[0], runs[0])
    assert (result["settings"], result["code"]) == ([], [])
    assert {each["verdict"] for each in result["scores"]} == {"not significant"}


def test_a_folder_without_records_is_an_error(runs: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        compare_runs(runs[0], tmp_path / "absent")
