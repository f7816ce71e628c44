"""The summary page: topics, captions, links and escaping."""

import re
from pathlib import Path

import pandas as pd
import pytest

from wordbridge.report.page import build_page, caption_of, page_sections, topic_of
from wordbridge.report.tables import Column, Table, save_table

NASTY = "<script>x</script> & \"q\" 'a'"
ENDINGS = ("tsv", "md", "html")


def save(folder: Path, name: str) -> Path:
    """Return the HTML file of a small table."""
    table = Table(
        pd.DataFrame({"a": [f"cell of {name}"]}), f"Caption of {name}.", {"a": Column("A")}
    )
    save_table(table, [folder / "tables" / f"{name}.{ending}" for ending in ENDINGS])
    return folder / "tables" / f"{name}.html"


def test_every_text_is_escaped_and_tables_are_not(tmp_path: Path) -> None:
    page = build_page(NASTY, tmp_path, [save(tmp_path, "scores")], [tmp_path / f"{NASTY}.png"])
    assert "<script" not in page
    assert page.count("&lt;script&gt;x&lt;/script&gt; &amp; &#34;q&#34; &#39;a&#39;") == 2
    assert page.count("<table>") == 1


def test_contents_lead_to_the_sections(tmp_path: Path) -> None:
    page = build_page("Run", tmp_path, [save(tmp_path, "scores"), save(tmp_path, "samples")], [])
    targets = re.findall(r'href="#([^"]+)"', page)
    assert targets == ["section-1", "section-2"]
    assert all(page.count(f'id="{target}"') == 1 for target in targets)


def test_addresses_are_relative_and_quoted(tmp_path: Path) -> None:
    figures = [tmp_path / "figures/a b#1.png", tmp_path / "javascript:alert(1)"]
    page = build_page("Run", tmp_path, [], figures, ["timings/é.html"])
    addresses = re.findall(r'(?:href|src)="([^"#]+)"', page)
    assert addresses == [
        "./timings/%C3%A9.html",
        "./figures/a%20b%231.png",
        "./figures/a%20b%231.png",
        "./javascript%3Aalert%281%29",
        "./javascript%3Aalert%281%29",
    ]


def test_the_caption_of_a_figure_is_its_alternative_text(tmp_path: Path) -> None:
    page = build_page("Run", tmp_path, [], [tmp_path / "figures/schedule.png"])
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
            "all 2: Attention over the source words at the first nine output steps",
        ),
        ("attention/curves_all_2.png", "curves all 2: Attention of every output word"),
        ("learning_rate_all.png", "all: Learning-rate range test"),
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
    page = build_page("A run", tmp_path, tables, figures)
    for name in ("scores", "samples", "strange"):
        assert page.count(f"cell of {name}") == 1
        for ending in ENDINGS:
            assert f'href="./tables/{name}.{ending}"' in page
    for name in ("scores", "losses"):
        assert f'src="./figures/{name}.png"' in page
    assert str(tmp_path) not in page


def test_times_are_linked_but_not_read(tmp_path: Path) -> None:
    page = build_page("Run", tmp_path, [], [], ["timings/times.html", "timings/search.html"])
    lead = " ".join(re.sub("<.*?>", "", page.partition("<p>")[2].partition("</p>")[0]).split())
    assert lead == (
        "Every table and figure of this run. Times and throughputs change from run to run and are "
        "in timings/times.html and timings/search.html."
    )
