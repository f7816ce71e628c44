"""The explorer: its data, its size, and how it answers in a browser."""

import base64
import json
import re
import shutil
import subprocess
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.report.toys import sentence_scores
from tests.search.toys import make_run
from wordbridge.corpus.vocabulary import Vocabulary, write_vocabulary
from wordbridge.report import explorer
from wordbridge.report.explorer import build_explorer, disagreement, quantize, sample_rows
from wordbridge.search.index import Index, read_index
from wordbridge.translation.sentence_scores import write_sentence_scores
from wordbridge.translation.translations import Translation, write_attention, write_translations

CHROMIUM = shutil.which("chromium") or ""
SETTINGS = {"title": "<toy>", "split": "test", "source": "fr", "variants": ["plain", "attn"]}
HTML = "</script><script>document.title = 'injected'</script><b>"
# Source, reference and the translations of both variants.
TEXTS = [
    (
        "Où est mon frère ?",
        "where is my brother?",
        "where is my brother ?",
        "where is my brother ?",
    ),
    ("Qui es-tu ?", f"who are you? {HTML}", "who are are you ?", "who are you ?"),
    ("Pourquoi <b>dors</b> tu ?", "why do you sleep?", "what is that ?", "why do you sleep ?"),
    ("Où vas-tu avec ton chien ?", "where do you go with your dog?", "where ?", "where go you ?"),
]
LATIN = ["Où", "est", "mon", "frère", "?", "Qui", "es", "-", "tu", "avec", "ton", "vas"]
Files = dict[str, list[str] | str]


def tokens_of(text: str) -> list[str]:
    return re.findall(r"<b>|</b>|[\w']+|[^\w\s]", text)


def translations(place: int) -> list[Translation]:
    """Return the translations of one variant; the second attends to one source word each."""
    rows = []
    for texts in TEXTS:
        source, tokens = ["<4>", *tokens_of(texts[0])], texts[place + 2].split()
        weights = np.zeros((len(tokens) + 1, len(source) + 1), np.float32)
        weights[np.arange(len(weights)), 1 + np.arange(len(weights)) % (len(source) - 1)] = 0.8
        natural = texts[place + 2].replace(" ?", "?")
        attention = weights if place else None
        rows.append(Translation(*texts[:2], natural, source, tokens, -1.0, attention))
    return rows


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Return the files of a small run with two variants and seven images."""
    folder = make_run(tmp_path_factory.mktemp("run"))
    files: dict[str, Any] = {"translations": [], "attention": [], "scores": []}
    for place, variant in enumerate(SETTINGS["variants"]):
        rows = translations(place)
        paths = [folder / f"{variant}/1{end}" for end in (".tsv", ".attention.npz", ".scores.tsv")]
        write_translations(paths[0], rows)
        write_attention(paths[1], rows)
        sources, references, hypotheses, tokens = zip(
            *((r.source, r.reference, r.hypothesis, r.source_tokens) for r in rows), strict=True
        )
        lengths = [len(each) - 1 for each in tokens]
        scores = sentence_scores(hypotheses, references, sources, lengths)
        write_sentence_scores(paths[2], scores)
        for name, path in zip(files, paths, strict=True):
            files[name].append(str(path))
    words = ("_bos_", "_pad_", "_eos_", "_unk", *LATIN)
    write_vocabulary(Vocabulary(words, (0,) * len(words)), folder / "fr.tsv")
    search = folder / "search"
    return {
        **files,
        "vocabulary": str(folder / "fr.tsv"),
        "words": [str(search / "words/en/words.txt")],
        "index": [str(search / "images/index.json")],
        "nouns": [str(folder / "nouns/nouns.tsv")],
    }


def data_of(page: str) -> Any:
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    return json.loads(text)


def test_equal_files_give_equal_bytes_and_texts_are_escaped(files: Files):
    page = build_explorer(SETTINGS, files)
    assert page == build_explorer(SETTINGS, files)
    assert page.count("<script") == 2
    assert "<h1>&lt;toy&gt;: explorer</h1>" in page
    assert [s["reference"] for s in data_of(page)["sentences"]] == [text[1] for text in TEXTS]
    assert not re.search(r"innerHTML|<link|<iframe|@import|url\(|\bon\w+=|https?:", page)


def test_a_sentence_has_its_outputs_scores_and_attention(files: Files):
    data = data_of(build_explorer(SETTINGS, files))
    assert [s["question"] for s in data["sentences"]] == ["où", "qui", "pourquoi", "où"]
    sentence = data["sentences"][2]
    assert sentence["tokens"] == ["<4>", "Pourquoi", "<b>", "dors", "</b>", "tu", "?"]
    assert (sentence["tags"], sentence["length"], sentence["unknown"]) == (1, 6, [1, 2, 3, 4])
    plain, attn = sentence["outputs"]
    assert "attention" not in plain
    assert (plain["skip"], attn["skip"]) == (0, 0)
    assert plain["scores"][1] < 30 < 90 < attn["scores"][1]
    assert plain["scores"][2] == 2.5
    weights = np.frombuffer(base64.b64decode(attn["attention"]), np.uint8)
    weights = weights.reshape(-1, attn["width"])
    expected = translations(1)[2].attention
    assert expected is not None
    np.testing.assert_allclose(weights / 255, expected, atol=0.5 / 255)


def test_the_images_and_the_words_of_nouns_have_their_vectors(files: Files):
    images = data_of(build_explorer(SETTINGS, files))["images"]
    # Words of the images' labels are first.
    assert images["words"][:6] == ["cat", "dog", "pig", "boat", "sail", "guinea"]
    assert images["words"][6:] == ["animal", "entity", "vessel"]
    assert len(images["images"]) == images["all_images"] == 7
    assert base64.b64decode(images["images"][0]["file"])[8:12] == b"WEBP"


def test_many_words_keep_within_their_size(files: Files, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(explorer, "LARGEST_WORDS", 3 * (explorer.encoded_size(5) + 30))
    images = data_of(build_explorer(SETTINGS, files))["images"]
    assert (images["words"], images["all_words"]) == (["cat", "dog", "pig"], 9)


def test_a_run_without_images_has_no_search(files: Files):
    page = build_explorer(SETTINGS, {**files, "words": [], "index": [], "nouns": []})
    assert data_of(page)["images"] is None
    assert 'id="results"' not in page


def test_a_large_run_keeps_within_the_size(files: Files, monkeypatch: pytest.MonkeyPatch):
    unlimited = data_of(build_explorer(SETTINGS, files))
    monkeypatch.setattr(explorer, "LARGEST_TEXTS", explorer.size_of(unlimited["sentences"]) // 2)
    monkeypatch.setattr(explorer, "LARGEST_ATTENTION", 80)
    size = explorer.size_of(unlimited["images"]) - 3 * (explorer.encoded_size(5) + 30)
    monkeypatch.setattr(explorer, "LARGEST_PAGE", 200_000 + size)
    page = build_explorer(SETTINGS, files)
    data = data_of(page)
    assert len(data["sentences"]) in (2, 3)
    assert sum("attention" in s["outputs"][1] for s in data["sentences"]) == data["attended"] == 1
    assert len(data["images"]["words"]) < len(unlimited["images"]["words"])
    assert "of 4 sentences" in re.sub(r"\s+", " ", page)


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from("abc"), max_size=6), min_size=1, max_size=4))
def test_disagreement_is_the_mean_of_all_pairs(outputs: list[list[str]]):
    def pair(one: list[str], other: list[str]) -> float:
        parts = [[*tokens, *pairwise(tokens)] for tokens in (one, other)]
        common = sum(min(parts[0].count(p), parts[1].count(p)) for p in set(parts[0]))
        return 1 - 2 * common / len(parts[0] + parts[1]) if parts[0] + parts[1] else 0.0

    pairs = [pair(one, other) for n, one in enumerate(outputs) for other in outputs[:n]]
    assert disagreement(outputs) == pytest.approx(sum(pairs) / max(len(pairs), 1))


@settings(deadline=None)
@given(
    arrays.arrays(np.float32, (4, 3), elements=st.floats(-9, 9, width=32, allow_subnormal=False))
)
def test_eight_bits_restore_a_row_to_half_a_step(rows: np.ndarray):
    numbers, scales = quantize(rows)
    assert np.abs(numbers.astype(int)).max() <= 127
    np.testing.assert_allclose(numbers * scales[:, None], rows, atol=0.51 * scales.max() + 1e-30)


def test_every_noun_has_an_image_before_any_has_two_and_held_out_ones_are_first(files: Files):
    index = read_index(Path(files["index"][0]).parent)
    labels = [index.label(row) for row in sample_rows(index, 5)]
    assert len({label["synset"] for label in labels}) == 5
    assert "train" not in {label["split"] for label in labels}
    assert sample_rows(index, 100) == list(range(7))


def test_images_of_an_album_are_left_out(files: Files, monkeypatch: pytest.MonkeyPatch):
    index, label = read_index(Path(files["index"][0]).parent), Index.label
    monkeypatch.setattr(
        Index, "label", lambda index, row: label(index, row) | ({"synset": ""} if row == 3 else {})
    )
    assert sample_rows(index, 100) == [0, 1, 2, 4, 5, 6]


# ---- In a browser -------------------------------------------------------------------------------

DRIVER = """
const markup = document.querySelectorAll("#list b, #list script").length;
const report = {title: document.title, markup};
const sources = () => [...element("list").children].map(
  (item) => item.querySelector(".source .text").textContent);
const filter = (values) => {
  filters.reset();
  for (const [name, value] of Object.entries(values)) fields[name].value = value;
  filters.dispatchEvent(new Event("input"));
  return sources();
};
report.filters = CASES.map(filter);
report.count = element("count").textContent;
filter({});
const words = [...document.querySelectorAll("#list li:first-child [data-step]")];
const weights = () => [...document.querySelectorAll("#list li:first-child .source .word")].map(
  (node) => node.style.getPropertyValue("--weight"));
words[0].focus();
report.focus = [weights(), document.querySelector(".reading").textContent];
words[0].dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight", bubbles: true}));
report.arrow = [document.activeElement.textContent, weights()];
document.activeElement.blur();
report.blur = weights();
const found = (text) => {
  const form = element("search");
  form.elements.query.value = text;
  form.requestSubmit();
  return [element("answer").textContent, element("near").textContent,
    [...element("results").children].map((item) => item.textContent.split("\\n")[0])];
};
report.searches = SEARCHES.map(found);
report.loaded = [...document.images].every((image) => image.src.startsWith("data:"));
const output = make("pre", "", JSON.stringify(report));
output.id = "report";
document.body.append(output);
"""
CASES: list[tuple[dict[str, str], list[int]]] = [
    ({}, [0, 1, 2, 3]),
    ({"text": "FRERE"}, [0]),
    ({"text": "sleep"}, [2]),
    ({"least": "6"}, [2, 3]),
    ({"most": "5"}, [0, 1]),
    ({"question": "où"}, [0, 3]),
    ({"unknown": "no"}, [0, 1]),
    ({"unknown": "yes", "question": "où"}, [3]),
    ({"repetition": "yes"}, [1]),
    ({"order": "long"}, [3, 2, 0, 1]),
    ({"order": "worst"}, [1, 3, 2, 0]),
    ({"text": "nowhere"}, []),
    ({"order": "differ"}, [2, 3, 1, 0]),
]
SEARCHES = ["boat", "dog", "sail + boat - sail", "cat + unheard", "boat - boat", "+", "dog- boat"]
SEARCHES += ["dog's", "\uff24og\u2019s"]  # of a telephone, and of a Japanese keyboard


@pytest.fixture(scope="module")
def answers(files: Files, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what the page shows in chromium, and what its console reports."""
    if not CHROMIUM:
        pytest.skip("chromium is not installed")
    folder = tmp_path_factory.mktemp("browser")
    driver = DRIVER.replace("CASES", json.dumps([case for case, _ in CASES]))
    script = f"<script>{driver.replace('SEARCHES', json.dumps(SEARCHES))}</script></body>"
    page = build_explorer(SETTINGS, files).replace("</body>", script)
    (folder / "page.html").write_text(page, encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    command = [*options, f"--user-data-dir={folder}/profile", "--virtual-time-budget=5000"]
    address = (folder / "page.html").as_uri()
    run = subprocess.run(
        [CHROMIUM, *command, "--dump-dom", address], capture_output=True, text=True, timeout=180
    )
    match = re.search(r'<pre class="" id="report">(.*?)</pre>', run.stdout, re.S)
    assert match, run.stderr
    console = [line for line in run.stderr.splitlines() if "CONSOLE" in line]
    return {**json.loads(unescape(match[1])), "console": console}


def test_the_console_has_no_errors_and_no_text_becomes_markup(answers: dict[str, Any]):
    assert answers["console"] == []
    assert (answers["title"], answers["markup"]) == ("<toy>: explorer", 0)
    assert answers["loaded"]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_a_filter_shows_the_sentences_that_match(answers: dict[str, Any], number: int):
    expected = [TEXTS[place][0] for place in CASES[number][1]]
    got = [text.removeprefix("<4>").removesuffix(" end") for text in answers["filters"][number]]
    assert got == expected
    assert answers["count"] == "4 of 4 sentences"  # of the last case


def test_a_focused_word_shades_the_source_words_that_it_attends_to(answers: dict[str, Any]):
    assert answers["focus"] == [["0", "0.8", "0", "0", "0", "0", "0"], "attn: where \u2190 Où 80 %"]
    assert answers["arrow"] == ["is", ["0", "0", "0.8", "0", "0", "0", "0"]]
    assert answers["blur"] == [""] * 7


def test_a_search_finds_images_of_the_word_first(answers: dict[str, Any]):
    boat, dog, total, unknown, zero, empty, glued, *genitives = answers["searches"]
    assert boat[0] == "Images nearest to boat:"
    assert boat[2][:2] == ["boat", "boat"]
    assert sorted(boat[2]) == sorted(dog[2])
    assert boat[1].startswith("Nearest words: vessel, entity, sail, ")
    assert dog[2][:2] == ["dog", "dog"]
    assert total[2] == boat[2]
    assert [genitive[2] for genitive in genitives] == [dog[2], dog[2]]
    assert unknown == ['The page has no word "unheard".', "", []]
    assert zero[0] == "The words cancel each other out."
    assert empty[0].startswith("Write a word")
    assert glued[0].startswith('The page has no word "dog-". Put spaces around a sign')
