"""Tests of the summary page."""

import re

from wordbridge.report.page import Link, Picture, Section, build_page

NASTY = "<script>x</script> & \"q\" 'a'"


def test_every_text_is_escaped_and_tables_are_not() -> None:
    page = build_page(
        NASTY,
        [
            Section(
                NASTY,
                NASTY,
                tables=["<table></table>"],
                pictures=[Picture("a.png", NASTY)],
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
        pictures=[Picture("figures/a b#1.png", "P")],
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


def test_a_picture_without_words_for_the_blind_has_its_caption() -> None:
    page = build_page("Run", [Section("S", pictures=[Picture("a.png", "Losses")])])
    assert 'alt="Losses"' in page
