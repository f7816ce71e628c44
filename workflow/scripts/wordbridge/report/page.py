"""One page that shows or links every table and figure of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from wordbridge.report.sheet import document


@dataclass(frozen=True)
class Picture:
    """A figure: its path relative to the page, and what it shows."""

    path: str
    caption: str


@dataclass(frozen=True)
class Link:
    """A file or folder: its path relative to the page, and what one finds there."""

    path: str
    text: str


@dataclass(frozen=True)
class Section:
    """A part of the page, shown in this order.

    ``tables`` are HTML made by ``table_html`` or ``embedded_table``; everything else is text.
    """

    title: str
    text: str = ""
    tables: Sequence[str] = ()
    pictures: Sequence[Picture] = ()
    links: Sequence[Link] = ()


def build_page(title: str, sections: Sequence[Section], lead: str = "") -> str:
    """Return a self-contained HTML page with a list of contents; pictures stay files beside it.

    ``lead`` says in a sentence or two what the run is.
    """
    contents = "\n".join(
        f'<li><a href="#part-{number}">{escape(section.title)}</a></li>'
        for number, section in enumerate(sections, start=1)
    )
    parts = [
        f"<header>\n<h1>{escape(title)}</h1>",
        f"<p>{escape(lead)}</p>" if lead else "",
        f'<nav aria-label="Contents">\n<ul>\n{contents}\n</ul>\n</nav>\n</header>',
        "<main>",
        *(_section(section, number) for number, section in enumerate(sections, start=1)),
        "</main>",
    ]
    return document(title, "\n".join(part for part in parts if part))


def _section(section: Section, number: int) -> str:
    parts = [
        f'<section aria-labelledby="part-{number}">',
        f'<h2 id="part-{number}">{escape(section.title)}</h2>',
        f"<p>{escape(section.text)}</p>" if section.text else "",
        *section.tables,
        *map(_picture, section.pictures),
        _links(section.links),
        "</section>",
    ]
    return "\n".join(part for part in parts if part)


def _links(links: Sequence[Link]) -> str:
    """Return a list of links, in one row when none has a text."""
    items = "\n".join(
        f'<li><a href="{_address(link.path)}">{escape(link.path)}</a> {escape(link.text)}</li>'
        for link in links
    )
    start = "<ul>" if any(link.text for link in links) else '<ul class="row">'
    return f"{start}\n{items}\n</ul>" if links else ""


def _picture(picture: Picture) -> str:
    address, caption = _address(picture.path), escape(picture.caption)
    return (
        f'<figure>\n<a href="{address}"><img src="{address}" alt="{caption}" loading="lazy">'
        f"</a>\n<figcaption>{caption}</figcaption>\n</figure>"
    )


def _address(path: str) -> str:
    """Return ``path`` as a relative address; "./" keeps "a:b" from being taken for a scheme."""
    return "./" + quote(path, safe="/")
