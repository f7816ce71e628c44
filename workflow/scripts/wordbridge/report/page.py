"""One page that shows or links every table and figure of a run.

What the summary page of an experiment says about each file, and in which order.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from wordbridge.files import atomic_write
from wordbridge.report.tables import document, embedded_table


@dataclass(frozen=True)
class ImageRow:
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
    images: Sequence[ImageRow] = ()
    links: Sequence[Link] = ()


def build_page(title: str, sections: Sequence[Section], lead: str = "") -> str:
    """Return a self-contained HTML page with a list of contents; images stay files beside it.

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
        *map(_image, section.images),
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


def _image(image: ImageRow) -> str:
    address, caption = _address(image.path), escape(image.caption)
    return (
        f'<figure>\n<a href="{address}"><img src="{address}" alt="{caption}" loading="lazy">'
        f"</a>\n<figcaption>{caption}</figcaption>\n</figure>"
    )


def _address(path: str) -> str:
    """Return ``path`` as a relative address; "./" keeps "a:b" from being taken for a scheme."""
    return "./" + quote(path, safe="/")


@dataclass(frozen=True)
class Topic:
    """A section: starts of the names of its tables, and of its images with their captions."""

    title: str
    text: str = ""
    tables: tuple[str, ...] = ()
    images: Mapping[str, str] = field(default_factory=dict)


TOPICS = (
    Topic(
        "Scores",
        "Measured once per distinct source text of the split that the caption names; NLL and "
        "perplexity over all its pairs, the validation loss on the validation split.",
        ("scores",),
        {
            "scores": "BLEU of every variant against one reference and against all references: "
            "bars are means, marks are the seeds."
        },
    ),
    Topic("Sample translations", "", ("samples",)),
    Topic(
        "Attention",
        "What the model looks at while it writes each word. The numbers are those of the sample "
        "translations above.",
        (),
        {
            "attention": "Attention of every output word (rows) over the source words (columns); "
            "the bars above add up what each source word got.",
            "attention_curves": "Attention at the first nine output steps over the words of the "
            "source, as the lesson drew it; the word that got most is named.",
        },
    ),
    Topic(
        "Training",
        "",
        ("training",),
        {
            "losses": "Losses per epoch: means over the seeds, bands from the least to the most. "
            "Free running is the lesson's validation loss: the model reads its own words and "
            "padding counts, so forced variants start far above their training. The training loss "
            "is a running average over batches with dropout, forcing and label smoothing.",
            "schedule": "Learning rate of each variant over its training.",
            "learning_rate": "Learning-rate range test: the running average of the training "
            "loss while the rate grows; the dashed line marks the suggestion.",
        },
    ),
    Topic(
        "Images among words",
        "Where each method puts held-out images among the word vectors: of nouns that it has "
        "seen, and of nouns that were held out whole.",
        ("devise",),
        {
            "head_losses": "Losses of the heads per epoch: means over the seeds, bands from the "
            "least to the most. A head that overfits has a valid loss that rises. Heads that "
            "differ in the classifier's weight alone are one and the same training.",
            "head_learning_rate": "Learning-rate range test of a head: the loss while the rate "
            "grows; the dashed line marks the suggestion.",
        },
    ),
    Topic(
        "Search",
        "",
        ("search", "french"),
        {"search": "In each row the query in front of its answers, the best first, with cosines."},
    ),
    Topic(
        "Images that look mislabelled",
        "Far from their own noun and close to another.",
        ("label_errors",),
    ),
    Topic("Images and nouns", "", ("images", "nouns")),
    Topic("Corpus and vectors", "", ("corpus", "leaks", "coverage", "vectors")),
)

OTHER = Topic("More")

FOLDERS = {
    "questions": "sentence pairs taken from the corpus, and what was left out and why",
    "tokens": "the pairs as tokens",
    "split": "the pairs with their split (train, valid, test)",
    "auxiliary": "the pairs and, behind them, further sentences that training reads first",
    "subwords": "SentencePiece models, and the pairs in pieces",
    "vocabulary": "words of each language with number and count",
    "ids": "the pairs as word numbers (NumPy)",
    "vectors": "fastText vectors learned from the corpus itself",
    "embeddings": "word vectors of the vocabularies, with coverage reports",
    "range_test": "loss at each learning rate of the range tests",
    "translators": "weights (safetensors), settings and losses of each variant and seed",
    "translations": "translations of the scored split by each variant and seed",
    "scores": "scores of each variant and seed (JSON)",
    "nouns": "WordNet's nouns and their word vectors",
    "images": "image sets as tables and archives, shards of them, and the split",
    "features": "what the backbone sees in each image",
    "devise": "models and predictions of the methods that send images among the words",
    "devise_scores": "scores of each such method and seed (JSON)",
    "search": "indexes of classes, nouns and images, and the words to search with",
    "tables": "the tables above as TSV, Markdown and HTML",
    "figures": "the figures above",
    "timings": "times and throughputs, which change from run to run and are not shown here",
    "benchmarks": "time and memory of each job, as Snakemake measured them",
    "manifest": "what made each file: code, settings, inputs (`wordbridge verify` reads it)",
}
# What a run without image sets does not make.
OF_IMAGES = {"nouns", "images", "features", "devise", "devise_scores", "search"}
# Linked without being read, because the page must not change with the times.
TIMES = Link("timings/times.html", "the table of times and throughputs")
SEARCH_TIMES = Link("timings/search.html", "the indexes' times, sizes and recall")


def summary_sections(
    root: str | Path,
    tables: Sequence[str | Path],
    images: Sequence[str | Path],
    absent: Collection[str] = (),
) -> list[Section]:
    """Return the sections of the page that is to lie in ``root``; empty ones are left out.

    ``tables`` are HTML files that ``write_table`` wrote (they are embedded), ``images`` are
    image files. Both are put under the topic that knows the start of their names. The last
    section lists the folders that a run makes, without those that are ``absent``.
    """
    sections = []
    for topic in (*TOPICS, OTHER):
        own_tables = [path for path in map(Path, tables) if topic_of(path, "tables") is topic]
        own_images = [path for path in map(Path, images) if topic_of(path, "images") is topic]
        if own_tables or own_images:
            sections.append(_section_contents(root, topic, own_tables, own_images))
    files = folder_links(any(Path(path).stem == "devise" for path in tables), absent)
    return [*sections, Section("Files", "What stands where in this folder.", links=files)]


def folder_links(imaged: bool, absent: Collection[str]) -> list[Link]:
    """Return links to the folders and times of a run, ``imaged`` or without the image side."""
    left_out = {*absent} | (set() if imaged else OF_IMAGES)
    names = [name for name in FOLDERS if name not in left_out]
    folders = [Link(f"{name}/", FOLDERS[name]) for name in names]
    return [*folders, TIMES, *[SEARCH_TIMES] * imaged]


def summary_page(
    title: str,
    page: str | Path,
    tables: Sequence[str | Path],
    images: Sequence[str | Path],
    absent: Collection[str] = (),
) -> str:
    """Return the HTML of the summary page that is to be written to ``page``."""
    sections = summary_sections(Path(page).parent, tables, images, absent)
    lead = "Every table and figure of this run. The folders below hold what they were made from."
    return build_page(title, sections, lead)


def write_page(page: str, path: str | Path) -> None:
    """Write the page whole or not at all."""
    with atomic_write(path) as partial:
        partial.write_text(page, encoding="utf-8", newline="\n")


def topic_of(path: Path, kind: str) -> Topic:
    """Return the topic with the longest start of the name of ``path``, a table or an image."""
    starts = {start: topic for topic in TOPICS for start in getattr(topic, kind)}
    return starts.get(_known_start(path.stem, starts), OTHER)


def caption_of(path: Path, topic: Topic) -> str:
    """Return the caption of an image; the rest of its name (variant, number) goes in front.

    An image that no topic knows has its name as caption.
    """
    start = _known_start(path.stem, topic.images)
    rest = path.stem.removeprefix(start).strip("_").replace("_", " ")
    return ": ".join(part for part in (rest, topic.images.get(start, "")) if part)


def _known_start(name: str, starts: Mapping[str, object]) -> str:
    """Return the longest of ``starts`` that ``name`` is or begins with, or an empty text."""
    known = [start for start in starts if name == start or name.startswith(f"{start}_")]
    return max(known, key=len, default="")


def _section_contents(
    root: str | Path, topic: Topic, tables: Sequence[Path], images: Sequence[Path]
) -> Section:
    files = [
        Link(_relative(path.with_suffix(ending), root), "")
        for path in tables
        for ending in (".tsv", ".md", ".html")
    ]
    return Section(
        topic.title,
        topic.text,
        tables=[embedded_table(path) for path in tables],
        images=[ImageRow(_relative(path, root), caption_of(path, topic)) for path in images],
        links=files,
    )


def _relative(path: Path, root: str | Path) -> str:
    return PurePosixPath(os.path.relpath(path, root)).as_posix()
