"""The summary page: topics, captions, links and escaping."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from wordbridge.report.page import build_page, caption_of, page_sections, topic_of
from wordbridge.report.tables import Column, Table, save_table

NASTY = "<script>x</script> & \"q\" 'a'"
CHROMIUM = shutil.which("chromium") or ""
ENDINGS = ("tsv", "md", "html")
TIMES = ["timings/times.html", "timings/é.html"]


def save(folder: Path, name: str) -> Path:
    """Return the HTML file of a small table."""
    table = Table(
        pd.DataFrame({"a": [f"cell of {name}"]}), f"Caption of {name}.", {"a": Column("A")}
    )
    save_table(table, [folder / "tables" / f"{name}.{ending}" for ending in ENDINGS])
    return folder / "tables" / f"{name}.html"


def page_of(
    folder: Path, tables: Sequence[Path] = (), figures: Sequence[Path] = (), title: str = "Run"
) -> str:
    """Return a page with markup in the texts of scores and samples."""
    (folder / "scores.tsv").write_text("variant\tbleu_single\n<i>v</i>\t12.5\n")
    (folder / "scorecard.tsv").write_text("claim\tverdict\n")
    samples = "sample\tline\ttext\n1\tsource\t<b>où</b>\n1\t<i>v</i>\t&where\n"
    (folder / "samples.tsv").write_text(samples, encoding="utf-8")
    numbers = [folder / f"{name}.tsv" for name in ("scores", "scorecard", "samples")]
    return build_page(title, folder, tables, figures, numbers, TIMES)


def test_every_text_is_escaped_and_tables_are_not(tmp_path: Path) -> None:
    page = page_of(tmp_path, [save(tmp_path, "scores")], [tmp_path / f"{NASTY}.png"], NASTY)
    assert "<script" not in page
    assert page.count("&lt;script&gt;x&lt;/script&gt; &amp; &#34;q&#34; &#39;a&#39;") == 2
    assert page.count("<table>") == 3


def test_addresses_are_relative_and_quoted(tmp_path: Path) -> None:
    figures = [tmp_path / "figures/a b#1.png", tmp_path / "javascript:alert(1)"]
    page = page_of(tmp_path, figures=figures)
    addresses = re.findall(r'(?:href|src)="([^"#]+)"', page)
    assert addresses == [
        "./explorer.html",
        "./figures/a%20b%231.png",
        "./figures/a%20b%231.png",
        "./javascript%3Aalert%281%29",
        "./javascript%3Aalert%281%29",
        "./timings/times.html",
        "./timings/%C3%A9.html",
    ]


def test_the_caption_of_a_figure_is_its_alternative_text(tmp_path: Path) -> None:
    page = page_of(tmp_path, figures=[tmp_path / "figures/schedule.png"])
    caption = "Learning rate of each variant over its training."
    assert f'alt="{caption}"' in page
    assert f"<figcaption>{caption}</figcaption>" in page


@pytest.mark.parametrize(
    ("path", "kind", "title"),
    [
        ("tables/scores.html", "tables", "Scores"),
        ("figures/scores.png", "figures", "Scores"),
        ("tables/samples.html", "tables", "Sample translations"),
        ("figures/attention/all_3.png", "figures", "Attention"),
        ("figures/attention_curves/all_3.png", "figures", "Attention"),
        ("figures/losses.svg", "figures", "Training"),
        ("tables/corpus_pairs.html", "tables", "Corpus and vectors"),
        ("figures/lossesandmore.png", "figures", "More"),
        ("tables/strange.html", "tables", "More"),
    ],
)
def test_the_name_of_a_file_decides_its_topic(path: str, kind: str, title: str) -> None:
    assert topic_of(Path(path), kind).title == title


@pytest.mark.parametrize(
    ("path", "start"),
    [
        (
            "attention_curves/all_2.png",
            "all, sample 2: Attention over the source words at the first nine output steps",
        ),
        ("attention/curves_all_2.png", "curves all, sample 2: Attention of every output word"),
        ("learning_rate_all.png", "all: Learning-rate range test"),
        ("learning_rate_gru_2.png", "gru 2: Learning-rate range test"),
    ],
)
def test_captions_name_variant_and_number(path: str, start: str) -> None:
    assert caption_of(Path("figures") / path).startswith(start)


def test_an_unknown_figure_has_its_name_as_caption() -> None:
    assert caption_of(Path("my_own_plot.png")) == "my own plot"


def test_the_page_shows_every_table_and_figure(tmp_path: Path) -> None:
    tables = [save(tmp_path, name) for name in ("samples", "strange", "scores")]
    figures = [tmp_path / "figures" / "scores.png", tmp_path / "figures" / "losses.png"]
    titles = [section.topic.title for section in page_sections(tmp_path, tables, figures)]
    assert titles == ["Scores", "Sample translations", "Training", "More"]
    page = page_of(tmp_path, tables, figures)
    for name in ("scores", "samples", "strange"):
        assert page.count(f"cell of {name}") == 1
        for ending in ENDINGS:
            assert f'href="./tables/{name}.{ending}"' in page
    for name in ("scores", "losses"):
        assert f'src="./figures/{name}.png"' in page
    assert str(tmp_path) not in page


def test_times_are_linked_but_not_read(tmp_path: Path) -> None:
    footer = page_of(tmp_path).partition("<footer>")[2].partition("</footer>")[0]
    assert " ".join(re.sub("<.*?>", "", footer).split()) == (
        "Times and throughputs change from run to run and are in timings/times.html and "
        "timings/é.html."
    )


def test_results_come_before_all_topics_and_are_escaped(tmp_path: Path) -> None:
    sheet = tmp_path / "figures/search_words_to_images.png"
    tables = [save(tmp_path, "scores")]
    page = page_of(tmp_path, tables, [sheet])
    top, _, rest = page.partition("<details>")
    assert "The variant &lt;i&gt;v&lt;/i&gt; has a BLEU of 12.5" in top
    assert "&lt;b&gt;où&lt;/b&gt;" in top
    assert "&amp;where" in top
    assert 'src="./figures/search_words_to_images.png"' in top
    assert "cell of scores" not in top
    assert "cell of scores" in rest
    assert not re.search("<[ib]>", page)


def test_the_page_only_links_to_a_large_table(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": ["a long cell"] * 60_000})
    path = tmp_path / "tables/devise.html"
    save_table(Table(frame, "Caption.", {"a": Column("A")}), [path])
    assert path.stat().st_size > 2_000_000
    page = page_of(tmp_path, [path])
    assert "a long cell" not in page
    assert 'href="./tables/devise.html"' in page
    assert len(page.encode()) < 20_000


def test_the_page_has_no_script_and_nothing_from_elsewhere(tmp_path: Path) -> None:
    figures = [tmp_path / "figures/scores.png"]
    tables = [save(tmp_path, name) for name in ("scores", "samples")]
    page = page_of(tmp_path, tables, figures)
    assert not re.search(r"<script|<link|<iframe|@import|url\(|\bon\w+=|https?:|data:", page)
    addresses = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert all(address.startswith(("./", "#")) for address in addresses)


@pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")
def test_wide_tables_scroll_inside_a_narrow_page(tmp_path: Path) -> None:
    words = pd.DataFrame({f"c{n}": ["a few words"] * 3 for n in range(40)})
    path = tmp_path / "tables/scores.html"
    caption = "Caption of many words, " * 10
    save_table(Table(words, caption, {n: Column(n) for n in words}), [path])
    page = page_of(tmp_path, [path], [tmp_path / "a" / ("long" * 60 + ".png")], "W" * 200)
    measure = (
        "<script>addEventListener('load', () => {"
        "const root = document.documentElement, table = document.querySelector('details .scroll');"
        "document.title = [innerWidth, root.scrollWidth, table.scrollWidth].join(' ');"
        "})</script></body>"
    )
    opened = page.replace("<details>", "<details open>").replace("</body>", measure)
    # A window of chromium may be no narrower than 500 pixels; a frame may.
    (tmp_path / "page.html").write_text(opened, encoding="utf-8")
    copy = "document.title=contentDocument.title"
    frame = f'<iframe src="page.html" width="420" height="900" onload="{copy}"></iframe>'
    (tmp_path / "frame.html").write_text(f"<!doctype html><title>none</title>{frame}")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
    command = [*options, f"--user-data-dir={tmp_path}/profile", "--virtual-time-budget=5000"]
    address = (tmp_path / "frame.html").as_uri()
    run = subprocess.run(
        [CHROMIUM, *command, "--dump-dom", address], capture_output=True, text=True, timeout=120
    )
    match = re.search(r"<title>(\d+) (\d+) (\d+)</title>", run.stdout)
    assert match, run.stdout + run.stderr
    inner, page_width, table_width = map(int, match.groups())
    assert inner == 420
    assert page_width <= inner < table_width
