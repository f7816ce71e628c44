"""Tests of the summary page.

Tests of what the summary page says about files.
"""

import re
from pathlib import Path

import pandas as pd
import pytest

from wordbridge.report.page import (
    FOLDERS,
    OF_IMAGES,
    OTHER,
    ImageRow,
    Link,
    Section,
    build_page,
    caption_of,
    summary_sections,
    topic_of,
)
from wordbridge.report.tables import write_table

NASTY = "<script>x</script> & \"q\" 'a'"


def test_every_text_is_escaped_and_tables_are_not() -> None:
    page = build_page(
        NASTY,
        [
            Section(
                NASTY,
                NASTY,
                tables=["<table></table>"],
                images=[ImageRow("a.png", NASTY)],
                links=[Link(NASTY, NASTY)],
            )
        ],
        lead=NASTY,
    )
    assert "<script" not in page
    assert page.count("&lt;script&gt;x&lt;/script&gt; &amp; &quot;q&quot; &#x27;a&#x27;") == 10
    assert "<table></table>" in page


def test_contents_lead_to_the_sections() -> None:
    page = build_page("Run", [Section("Scores"), Section("Losses")])
    targets = re.findall(r'href="#([^"]+)"', page)
    assert targets == ["part-1", "part-2"]
    assert all(page.count(f'id="{target}"') == 1 for target in targets)
    assert "<p>" not in page  # nothing is said where nothing was given


def test_addresses_are_relative_and_quoted() -> None:
    section = Section(
        "S",
        images=[ImageRow("figures/a b#1.png", "P")],
        links=[Link("javascript:alert(1)", "L"), Link("tables/é.tsv", "T")],
    )
    page = build_page("Run", [section])
    addresses = re.findall(r'(?:href|src)="([^"#]+)"', page)
    assert addresses == [
        "./figures/a%20b%231.png",
        "./figures/a%20b%231.png",
        "./javascript%3Aalert%281%29",
        "./tables/%C3%A9.tsv",
    ]


def test_a_image_without_words_for_the_blind_has_its_caption() -> None:
    page = build_page("Run", [Section("S", images=[ImageRow("a.png", "Losses")])])
    assert 'alt="Losses"' in page


@pytest.mark.parametrize(
    ("name", "kind", "title"),
    [
        ("scores.html", "tables", "Scores"),
        ("scores.png", "images", "Scores"),
        ("samples.html", "tables", "Sample translations"),
        ("attention_all_3.png", "images", "Attention"),
        ("losses.svg", "images", "Training"),
        ("coverage_fr.html", "tables", "Corpus and vectors"),
        ("lossesandmore.png", "images", "More"),
        ("strange.html", "tables", "More"),
    ],
)
def test_files_are_known_by_the_start_of_their_name(name: str, kind: str, title: str) -> None:
    assert topic_of(Path("x") / name, kind).title == title


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("attention_curves.png", "Attention at the first nine output steps"),
        ("attention_curves_all_2.png", "all 2: Attention at the first nine output steps"),
        ("attention_all_2.png", "all 2: Attention of every output word"),
    ],
)
def test_captions_come_from_the_longest_known_start(name: str, start: str) -> None:
    path = Path(name)
    assert caption_of(path, topic_of(path, "images")).startswith(start)


def test_an_unknown_image_is_called_by_its_name() -> None:
    assert caption_of(Path("my_own_plot.png"), OTHER) == "my own plot"


def test_the_page_shows_every_table_and_image_and_lists_the_folders(tmp_path: Path) -> None:
    for name in ("scores", "samples", "strange"):
        frame = pd.DataFrame({"a": [f"cell of {name}"]})
        write_table(frame, tmp_path / "tables" / name, f"Caption of {name}.")
    tables = [tmp_path / "tables" / f"{name}.html" for name in ("samples", "strange", "scores")]
    images = [tmp_path / "figures" / "scores.png", tmp_path / "figures" / "losses.png"]
    sections = summary_sections(tmp_path, tables, images)
    titles = [section.title for section in sections]
    assert titles == ["Scores", "Sample translations", "Training", "More", "Files"]
    page = build_page("A run", sections)
    for name in ("scores", "samples", "strange"):
        assert page.count(f"cell of {name}") == 1
        for ending in ("tsv", "md", "html"):
            assert f'href="./tables/{name}.{ending}"' in page
    for name in ("scores", "losses"):
        assert f'src="./figures/{name}.png"' in page
    for folder in FOLDERS.keys() - OF_IMAGES:
        assert f'href="./{folder}/"' in page
    assert str(tmp_path) not in page


def test_folders_of_the_image_side_are_listed_with_its_tables_only(tmp_path: Path) -> None:
    write_table(pd.DataFrame({"a": ["b"]}), tmp_path / "tables/devise", "Caption.")
    tables = [tmp_path / "tables/devise.html"]
    with_images, without = (
        {link.path for link in summary_sections(tmp_path, made, [])[-1].links}
        for made in (tables, [])
    )
    assert {f"{name}/" for name in FOLDERS} <= with_images
    wanted = {f"{name}/" for name in OF_IMAGES} | {"timings/search.html"}
    assert with_images - without == wanted


def test_folders_that_a_run_does_not_make_are_not_listed(tmp_path: Path) -> None:
    every, some = (
        {link.path for link in summary_sections(tmp_path, [], [], absent)[-1].links}
        for absent in ([], ["pieces", "auxiliary"])
    )
    assert every - some == {"pieces/", "auxiliary/"}
