"""The command ``wordbridge search``, on a small finished run.

What translated questions are searched with.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

import wordbridge.search.engine
from tests.search.toys import GRAPH, make_run, write_network
from wordbridge.cli import app
from wordbridge.errors import InputError
from wordbridge.files import write_json
from wordbridge.report.contact_sheet import GAP, LINE, SIDE
from wordbridge.report.hits import show_hits
from wordbridge.search.build import write_index
from wordbridge.search.engine import SearchEngine, find_path, question_words
from wordbridge.search.index import COLUMNS, Hit, read_index

Search = Callable[..., Result]
SCRIPTS = Path(__file__).resolve().parents[2] / "workflow" / "scripts"


@pytest.fixture(scope="module")
def search(finished: Path) -> Search:
    """Run ``wordbridge search WORDS`` in the finished run, or in ``results``."""

    def run(*words: str, results: Path = finished) -> Result:
        return CliRunner().invoke(app, ["search", *words, "--results", str(results)])

    return run


def columns(run: Result, number: int) -> list[str]:
    assert run.exit_code == 0, run.stderr
    return [line.split("\t")[number] for line in run.stdout.splitlines()]


def test_each_line_has_score_noun_path_and_file(search: Search, finished: Path):
    run = search("boat", "--top", "2")

    scores = [float(score) for score in columns(run, 0)]
    assert 1 >= scores[0] >= scores[1] > 0.9
    assert columns(run, 1) == ["boat", "boat"]
    assert columns(run, 2) == ["boat < vessel < entity"] * 2
    assert set(columns(run, 3)) == {str(finished / f"files/{number}.png") for number in (2, 5)}


@pytest.mark.parametrize(
    ("words", "neighbours"),
    [
        (["boat", "+", "sail"], "boat"),
        (["dog - cat + cat"], "dog"),
        (["dog", "-", "cat", "+", "cat"], "dog"),
        (["dog", "-cat", "+cat"], "dog"),
        (["dog", "boat", "-boat"], "dog"),
        (["-animal", "-vessel", "entity"], "sail"),
        (["- animal - vessel entity"], "sail"),
        (["dog\u200b"], "dog"),
        (["(boat)", "..."], "boat"),
        (["--french", "un chien !"], "dog"),
        (["guinea_pig"], "guinea pig"),
        (["guinea", "pig"], "guinea pig"),
        (["DOG"], "dog"),
        (["--french", "chien"], "dog"),
        (["--french", "Un", "bateau"], "boat"),
        (["--french", "bateau + voile"], "boat"),
        (["--french", "la voile", "\u2212", "le", "bateau"], "sail"),
        (["--french", "le chat + le bateau \u2212 l'chat"], "boat"),
        (["--exact", "cat"], "cat"),
    ],
)
def test_words_in_all_forms_find_images(search: Search, words: list[str], neighbours: str):
    assert columns(search(*words), 1)[0] == neighbours


def test_the_terms_of_a_sum_are_not_among_its_nouns(search: Search):
    run = search("boat - entity + sail", "--nouns", "--top", "3")

    assert set(columns(run, 1)).isdisjoint({"boat", "sail", "entity"})
    assert len(columns(run, 1)) == 3
    assert columns(search("Boat", "--nouns", "--top", "1"), 1) == ["boat"]
    assert columns(search("boat", "+", "sail", "--top", "1"), 1) == ["boat"]  # an image


COMPOSED, DECOMPOSED = "\u00e9t\u00e9 2018/\u00e0.png", "e\u0301te\u0301 2018/a\u0300.png"


@pytest.mark.parametrize("query", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("stored", [COMPOSED, DECOMPOSED])
def test_an_image_is_found_in_any_normal_form_of_its_name(tmp_path: Path, stored: str, query: str):
    labels = [{"set": "own", "image": name, "label": name} for name in ("other", stored)]
    source = {"index": "images", "word_vectors": "ab"}
    write_index(tmp_path / "search/images", np.eye(2, dtype=np.float32), labels, source, GRAPH)
    (tmp_path / stored).parent.mkdir()
    (tmp_path / stored).touch()

    hits = SearchEngine(tmp_path).by_image(f"own/{query}", "images", 5).hits

    assert [hit.label for hit in hits] == ["other"]
    assert find_path(tmp_path / query) == tmp_path / stored
    assert find_path(tmp_path / "gone" / query) is None


def test_an_index_of_one_image_has_no_other_image(tmp_path: Path):
    labels = [{"set": "own", "image": "1"}]
    source = {"index": "images", "word_vectors": "ab"}
    write_index(tmp_path / "search/images", np.eye(1, dtype=np.float32), labels, source, GRAPH)

    with pytest.raises(InputError, match="expected other images, got none"):
        SearchEngine(tmp_path).by_image("own/1", "images", 5)


@pytest.fixture
def translate(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Replace the translator by one with a fixed translation and its unknown source words."""

    def replace(translation: str, *unknown: str) -> None:
        result = SimpleNamespace(translation=translation, unknown=list(unknown), error="")
        pipeline = SimpleNamespace(language="fr", translate=lambda texts: [result])
        monkeypatch.setattr("wordbridge.translation.pipeline.choose_run", lambda results: ("", 1))
        monkeypatch.setattr("wordbridge.translation.pipeline.read_pipeline", lambda *_: pipeline)

    return replace


def test_a_french_question_goes_through_the_translator(
    search: Search, translate: Callable[..., None]
):
    translate("where is the dog ?", "Où", "l'")  # no content words

    run = search("--french", "Où est le chien ?", "--json", "--top", "2")

    assert [json.loads(line)["label"] for line in run.stdout.splitlines()] == ["dog", "dog"]
    assert run.stderr == "translated: where is the dog ?\n"


@pytest.mark.parametrize(
    ("translation", "unknown"),
    [("where is the scribe ?", ["bateau"]), ("where is it ?", []), ("_unk ?", []), ("", [])],
)
def test_a_question_that_the_translator_does_not_know_is_searched_by_its_words(
    search: Search, translate: Callable[..., None], translation: str, unknown: list[str]
):
    translate(translation, *unknown)

    run = search("--french", "Où est le bateau ?", "--top", "1")

    assert columns(run, 1) == ["boat"]
    assert run.stderr == "no useful translation; searched by its words: bateau\n"


@pytest.mark.parametrize("question", ["Où est-il ?", "Qu'est-ce ?", "12 ?"])
def test_a_question_without_content_words_is_an_error(
    search: Search, translate: Callable[..., None], question: str
):
    translate("where is he ?")

    run = search("--french", question)

    assert (run.exit_code, run.stdout) == (1, "")
    assert run.stderr == (
        f"error: question {question!r}: expected content words, got none; ask for a noun\n"
    )


def test_a_translation_with_an_unknown_word_is_an_error(
    search: Search, translate: Callable[..., None]
):
    translate("where is the scribe ?")

    run = search("--french", "Où est le chien ?")

    assert (run.exit_code, run.stdout) == (1, "")
    assert run.stderr == (
        "error: question 'Où est le chien ?': expected a translation to search with, got 'where "
        "is the scribe ?' (unknown word 'scribe': expected one of 9 words); ask with other words, "
        "or without the question mark\n"
    )


def test_a_terminal_shows_an_aligned_table_within_its_width(
    search: Search, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("wordbridge.cli._on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    lines = search("boat", "--top", "2").stdout.splitlines()
    assert lines[0].split() == ["rank", "score", "noun", "hypernym", "file"]
    assert lines[2].split()[0] == "1"
    assert "..." in lines[2]
    assert {len(line) <= 60 for line in lines} == {True}
    nouns = search("sail", "--nouns", "--top", "1").stdout.splitlines()
    assert [line.split() for line in nouns[::2]] == [
        *(["rank", "score", "noun", "hypernym"], ["1", "1.000", "sail", "entity"])
    ]


def test_nouns_and_classes_can_be_searched(search: Search):
    assert columns(search("sail", "--nouns", "--top", "1"), 2) == ["sail < entity"]
    assert sorted(columns(search("sail", "--classes"), 1)) == ["boat", "dog", "guinea pig"]


def test_an_image_of_the_run_needs_no_model_and_does_not_find_itself(search: Search):
    run = search("--image", "toy/own/0.png", "--json", "--top", "3")

    neighbours = [json.loads(line) for line in run.stdout.splitlines()]
    assert [one["rank"] for one in neighbours] == [1, 2, 3]
    assert neighbours[0]["image"] == "own/4.png"
    assert "own/0.png" not in {one["image"] for one in neighbours}
    assert columns(search("--image", "toy/own/0.png", "--nouns"), 1)[0] == "dog"


def test_json_has_one_object_per_hit(search: Search, finished: Path):
    (line,) = search("boat", "--json", "--nouns", "--top", "1").stdout.splitlines()

    assert json.loads(line) == {
        "rank": 1,
        "score": 1.0,
        "label": "boat",
        "synset": "n6",
        "path": "boat < vessel < entity",
    }
    (line,) = search("sail", "--json", "--top", "1").stdout.splitlines()
    assert json.loads(line)["file"] == str(finished / "files/3.png")


def test_a_contact_sheet_is_written_too(search: Search, tmp_path: Path):
    assert search("dog", "--sheet", str(tmp_path / "dog.png")).exit_code == 0

    with Image.open(tmp_path / "dog.png") as sheet:
        assert sheet.size[0] > 7 * 160


def test_a_contact_sheet_has_rows_of_ten(tmp_path: Path):
    hits = [Hit(rank, 0.5, dict.fromkeys(COLUMNS, "")) for rank in range(1, 24)]

    show_hits(hits, True, tmp_path / "hits.png", False, tmp_path)

    with Image.open(tmp_path / "hits.png") as sheet:
        assert sheet.size == (GAP + 10 * (SIDE + GAP), GAP + 3 * (SIDE + 3 * LINE + GAP))


def test_a_contact_sheet_has_its_images_in_any_folder(
    search: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    results = make_run(Path("results/toy")).resolve()  # so that its images have relative places
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")

    search("boat", "--top", "1", "--sheet", "boat.png", results=results)

    with Image.open("boat.png") as sheet:
        assert sheet.getpixel((GAP + 1, GAP + SIDE // 2)) == (0x22, 0x44, 0xCC)


def test_a_reader_that_leaves_early_costs_no_contact_sheet(
    search: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def leave(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("wordbridge.report.hits.typer.echo", leave)
    assert search("dog", "--sheet", str(tmp_path / "dog.png")).exit_code == 1
    assert (tmp_path / "dog.png").is_file()


@pytest.fixture(scope="module")
def with_model(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the run in a project with a network and ConSE, which always predicts cat."""
    results = shutil.copytree(finished, tmp_path_factory.mktemp("project") / "results/toy")
    write_json(results / "config.json", write_network(results))
    return results


def test_an_image_file_is_embedded_by_the_network_and_method_of_the_run(
    search: Search, with_model: Path, finished: Path
):
    run = search("--image", str(finished / "files/0.png"), "--nouns", results=with_model)

    assert columns(run, 1)[0] == "cat"
    assert columns(run, 0)[0] == "1.0000"
    assert run.stderr == ""


@pytest.mark.parametrize("place", ["files/1.png", "link.png", "copy.png"])
def test_a_file_of_the_index_does_not_find_itself_but_a_copy_of_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
):
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    run_folder = make_run(Path("results/toy")).resolve()  # so that its images have relative places
    (run_folder / "link.png").symlink_to(run_folder / "files/1.png")
    shutil.copy(run_folder / "files/1.png", run_folder / "copy.png")
    monkeypatch.chdir(tmp_path)
    cat = read_index(run_folder / "search/images").vectors[1]
    monkeypatch.setattr(wordbridge.search.engine, "embed_image", lambda *_: cat)

    neighbours = SearchEngine(run_folder).by_image(str(run_folder / place), "images", 6).hits

    assert [one.rank for one in neighbours] == [1, 2, 3, 4, 5, 6]
    assert ("toy/own/1.png" in [one.name for one in neighbours]) == (place == "copy.png")


@pytest.mark.parametrize("count", [1, 4, 5, 6])
def test_a_file_under_several_names_costs_no_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
):
    results = make_run(tmp_path)
    engine = SearchEngine(results)
    for number in (4, 5):
        (results / f"files/{number}.png").unlink()
        (results / f"files/{number}.png").symlink_to(results / "files/0.png")
    dog = read_index(results / "search/images").vectors[0]
    monkeypatch.setattr(wordbridge.search.engine, "embed_image", lambda *_: dog)

    neighbours = engine.by_image(str(results / "files/0.png"), "images", count).hits

    assert len(neighbours) == min(count, 4)
    assert {one.name for one in neighbours} <= {f"toy/own/{n}.png" for n in (1, 2, 3, 6)}


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (
            "devise/conse/1/model.safetensors",
            "expected the model that predicted the indexed images",
        ),
        ("config.json", "expected the settings of a finished run"),
        ("../../weights", "weights: expected the weights that the features were extracted with"),
    ],
)
def test_a_run_without_a_model_names_the_missing_file(
    search: Search, with_model: Path, finished: Path, tmp_path: Path, harm: str, message: str
):
    project = shutil.copytree(with_model.parents[1], tmp_path / "project")
    (project / "results/toy" / harm).unlink()

    run = search("--image", str(finished / "files/0.png"), results=project / "results/toy")

    assert run.exit_code == 1
    assert message in run.stderr
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["model.safetensors", "settings.json"])
def test_a_model_other_than_that_of_the_index_is_refused(
    search: Search, with_model: Path, finished: Path, tmp_path: Path, name: str
):
    project = shutil.copytree(with_model.parents[1], tmp_path / "project")
    results = project / "results/toy"
    with (results / "devise/conse/1" / name).open("a") as file:
        file.write(" ")

    run = search("--image", str(finished / "files/0.png"), results=results)

    assert run.exit_code == 1
    assert "expected the model that predicted the indexed images (" in run.stderr
    assert "run snakemake again, so that both are of one run" in run.stderr


def test_other_weights_and_files_that_are_no_images_are_refused(
    search: Search, with_model: Path, finished: Path, tmp_path: Path
):
    (tmp_path / "no.png").write_bytes(b"no image")
    run = search("--image", str(tmp_path / "no.png"), results=with_model)
    assert "no.png: expected an image, but " in run.stderr

    project = shutil.copytree(with_model.parents[1], tmp_path / "project")
    (project / "weights").write_bytes(b"others")
    run = search("--image", str(finished / "files/0.png"), results=project / "results/toy")
    assert "expected the weights that the features were extracted with" in run.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["baot"], "unknown word 'baot': expected one of 9 words; did you mean boat?"),
        (["--french", "batau"], "unknown word 'batau': expected one of 4 words; did you mean bat"),
        (["dog - dog"], "its words cancel each other out"),
        (["boat+sail"], "unknown word 'boat+sail': expected one of 9 words; put spaces"),
        (["?!"], "query '?!': expected a word, got none"),
        ([], "expected words or --image, got neither"),
        (["dog", "--image", "x.jpg"], "expected words or --image, got both"),
        (["--image", "x.jpg", "--french"], "expected --french or --image, got --french and"),
        (["dog", "--nouns", "--classes"], "expected --nouns or --classes, got --nouns and"),
        (
            ["--image", "none.jpg"],
            "'none.jpg': expected SET/IMAGE of an image in the index, or for --image an",
        ),
        (["dog", "--results", "absent"], "absent: expected search indexes, got no such folder"),
    ],
)
def test_an_error_is_one_line(finished: Path, words: list[str], message: str):
    results = [] if "--results" in words else ["--results", str(finished)]

    run = CliRunner().invoke(app, ["search", *words, *results])

    assert run.exit_code == 1
    assert run.stderr.startswith("error: ")
    assert message in run.stderr
    assert (run.stderr.count("\n"), run.stdout) == (1, "")


def test_words_and_index_of_two_runs_are_refused(search: Search, finished: Path, tmp_path: Path):
    mixed = shutil.copytree(finished, tmp_path / "mixed")
    path = mixed / "search/words/en/words.json"
    changed = json.loads(path.read_text(encoding="utf-8")) | {"word_vectors": "cd" * 32}
    path.write_text(json.dumps(changed), encoding="utf-8")

    run = search("dog", results=mixed)

    assert run.exit_code == 1
    assert "built with the word vectors" in run.stderr


def test_words_are_searched_without_torch_and_spacy(finished: Path):
    code = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from wordbridge.cli import app\n"
        "run = CliRunner().invoke(app, sys.argv[1:])\n"
        "heavy = {'torch', 'spacy', 'pandas', 'matplotlib', 'PIL'} & set(sys.modules)\n"
        "print(run.exit_code, sorted(heavy))\n"
    )
    words = ["search", "boat + sail", "--results", str(finished)]
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(SCRIPTS)},
    )

    assert (done.stdout, done.stderr) == ("0 []\n", "")


@pytest.mark.parametrize(
    ("translation", "words"),
    [
        ("where is the guinea pig ?", "guinea pig"),
        ("what is the _unk of the dog ?", "dog"),
        ("what is it ?", ""),
        ("_unk ?", ""),
        ("", ""),
    ],
)
def test_content_words_of_a_translation_are_searched(translation: str, words: str):
    assert question_words(translation) == words
