"""The report of Snakemake: which outputs it shows, and that it works on a finished run."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import ZipFile

import pytest
import yaml

from tests.conftest import Run
from tests.mini_tree import CONFIG, RESULTS, ROOT, options
from tests.planned import Planner

CAPTIONS = ROOT / "workflow/report"


@pytest.fixture(scope="module")
def flags(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the flags of all tables and figures of the default configuration, and the page's."""
    default = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    outputs = Planner(tmp_path_factory.mktemp("report")).report_flags(default)
    return {path: flag for path, flag in outputs.items() if path.endswith((".html", ".png"))}


def caption(flag: Any) -> Path:
    return Path(flag.caption.get_path_or_uri(secret_free=True)).resolve()


def test_the_report_shows_every_table_and_figure_in_a_category(flags: dict[str, Any]):
    assert len(flags) > 20
    for path, flag in flags.items():
        assert flag is not None, path
        assert caption(flag).is_file(), path
        assert flag.category, path
        assert flag.labels["Result"], path
        assert flag.labels["Kind"], path


def test_every_caption_has_a_result(flags: dict[str, Any]):
    captions = {caption(flag) for flag in flags.values()} | {CAPTIONS / "workflow.rst"}
    assert captions == set(CAPTIONS.glob("*.rst"))


def test_results_of_a_category_have_different_labels(flags: dict[str, Any]):
    labels = [(flag.category, *flag.labels.values()) for flag in flags.values()]
    assert len(set(labels)) == len(labels)


def test_a_finished_run_has_a_report(finished: Path, tmp_path: Path, workflow: Callable[..., Run]):
    archive = tmp_path / "report.zip"
    arguments = (*options(finished / CONFIG), "--report", archive)
    # Snakemake's package contains the scripts of the report: the proxy proves that it fetches none.
    proxy = dict.fromkeys(["http_proxy", "https_proxy"], "http://127.0.0.1:9")
    workflow(finished, *arguments, snakefile=finished / "Snakefile", env=proxy)
    names = {PurePosixPath(name).name for name in ZipFile(archive).namelist()}
    results = finished / RESULTS
    expected = {path.name for path in results.rglob("*") if path.suffix in (".html", ".png")}
    assert expected
    assert names >= expected
