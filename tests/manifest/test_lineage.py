"""What a file comes from."""

import shutil
from pathlib import Path

import pytest

from tests.manifest.manifest_toys import TEXTS
from wordbridge.errors import InputError
from wordbridge.manifest.lineage import trace
from wordbridge.manifest.wording import lineage_lines


def test_a_table_is_traced_to_the_download_and_each_job_stands_after_what_it_read(results: Path):
    made = trace(results / "table.tsv")
    assert [job.name for job in made.jobs] == ["fetch letters", "upper 1", "table"]
    assert made.intact
    assert made.sources == ()


def test_a_path_from_within_the_results_is_found(results: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(results / "upper")
    assert [job.name for job in trace(Path("1.txt")).jobs] == ["fetch letters", "upper 1"]


def test_what_no_job_recorded_is_a_source(results: Path):
    shutil.rmtree(results.parents[1] / "resources/manifest")
    assert trace(results / "table.tsv").sources == ("resources/files/letters",)


def test_a_changed_file_is_not_intact(results: Path):
    (results / "table.tsv").write_text("")
    made = trace(results / "table.tsv")
    assert not made.intact
    assert list(lineage_lines(made))[-1].endswith("CHANGED since its job wrote it")


def test_the_lines_name_parameters_code_versions_and_files(results: Path):
    text = "\n".join(lineage_lines(trace(results / "upper/1.txt")))
    for words in ("upper 1", "2.5 s, 71 MB on cpu", "'size': 3", "numpy 2.1", *list(TEXTS)[:2]):
        assert words in text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent", "got no such file"),
        ("strange", "got one that is in no record; `snakemake --force results/toy/strange`"),
        ("../strange", "below a results folder with a manifest, got none"),
    ],
)
def test_other_files_have_no_lineage(results: Path, name: str, message: str):
    for path in (results / "strange", results.parent / "strange"):
        path.write_text("")
    with pytest.raises(InputError, match=message):
        trace(results / name)
