"""The synset of an English label of an image, and the labels that a person should check."""

import csv
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from wordbridge.errors import InputError, shorten
from wordbridge.files import write_tsv
from wordbridge.nouns.hierarchy import Hierarchy
from wordbridge.nouns.table import Noun, lemma_text
from wordbridge.nouns.wordnet import read_senses
from wordbridge.text import clean, read_lines

PHYSICAL = "n00001930"  # physical entity: an image shows one of its hyponyms
_ENTITY = "n00001740"  # the root: some folders are named by an event, such as a sunset
_PLURALS = (("s", ""), ("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", ""))
_IRREGULAR = {"teeth": "tooth", "feet": "foot", "mice": "mouse", "geese": "goose"}
_IRREGULAR |= {"men": "man", "women": "woman", "children": "child"}
_SEPARATORS = re.compile(r"(?<=[a-z])(?=[A-Z])|[^\w']+|_")
_NO_ROW = re.compile(r"\s*(sep=.)?\s*")  # Excel has its delimiter in line 1, as "sep=;"
_CANDIDATES = 5  # nouns of a label in the table


class LabelIndex:
    """The nouns of WordNet by their lemmas, to find the noun of an image's label.

    The first choice is a synset whose first lemma is the label ("dolphin" is also a lemma of
    dolphinfish), the second a class of ImageNet, the third the most frequent sense by ``senses``
    (the synsets of each word, most frequent first), the last the order of the nouns.
    """

    def __init__(self, nouns: Iterable[Noun], senses: Mapping[str, Sequence[str]]) -> None:
        self._hierarchy = Hierarchy(nouns)
        self._subtrees: dict[str, set[str]] = {}
        nouns_of: defaultdict[str, list[Noun]] = defaultdict(list)
        for noun in self._hierarchy.nouns:
            lemmas = set(map(str.casefold, noun.lemmas))
            for lemma in lemmas | set(map(_in_words, lemmas)):
                nouns_of[lemma].append(noun)
        for lemma, candidates in nouns_of.items():
            candidates.sort(key=partial(_rank, lemma=lemma, senses=senses.get(lemma, ())))
        self._nouns_of = dict(nouns_of)

    def match_synset(self, label: str, kinds: Sequence[str] = ()) -> str | None:
        """Return the synset of the first of ``candidates(label, kinds)``, or None."""
        return next((noun.synset for noun in self.candidates(label, kinds)), None)

    def candidates(
        self, label: str, kinds: Sequence[str] = (), any_hyphens: bool = False
    ) -> list[Noun]:
        """Return the nouns of a whole label, singular or plural, the best one first.

        All are hyponyms of one of the synsets ``kinds``, those of the first kinds preferred: among
        animals a chicken is not food. Default: physical entities. A lemma has hyphens between all
        of its words or none; with ``any_hyphens`` also between some (black-footed albatross).
        """
        subtrees = [self._subtree(kind) for kind in kinds or (PHYSICAL,)]
        words = re.findall(r"[^\s_-]+", label.casefold())
        for form in _singulars("_".join(words)):
            spellings = [form, form.replace("_", "-"), form.replace("_", "")]
            if any_hyphens:
                spellings.append(_in_words(form))
            for lemma in spellings:
                nouns = self._nouns_of.get(lemma, [])
                matches = [noun for subtree in subtrees for noun in nouns if noun.synset in subtree]
                if matches:
                    return list(dict.fromkeys(matches))
        return []

    def _subtree(self, synset: str) -> set[str]:
        """Return a noun and its descendants, nothing for an unknown noun."""
        if synset not in self._subtrees:
            is_noun = synset in self._hierarchy.node_of
            subtree = {synset} | self._hierarchy.descendants(synset) if is_noun else set()
            self._subtrees[synset] = subtree
        return self._subtrees[synset]


def label_index(nouns: Sequence[Noun], files: Mapping[str, str]) -> LabelIndex:
    """Return the index of ``nouns`` with the senses in ``files``, the resources of a set."""
    return LabelIndex(nouns, read_senses(files["senses"]) if files.get("senses") else {})


class Label(NamedTuple):
    """A label in words, the number of its images, and its synset, "" for none.

    ``senses`` is the number of senses of the label, of which the first is used, or None if the user
    sets the synset. ``candidates`` are these senses; for a label without senses, those of its last
    words.
    """

    label: str
    images: int
    synset: str
    senses: int | None
    candidates: Sequence[Noun]


def match_words(
    name: str, words: Iterable[str], files: Mapping[str, str], nouns: Sequence[Noun]
) -> list[Label]:
    """Return the labels in words of the images of the set ``name``, with their synsets.

    Prints a warning for labels that WordNet does not have, and for those of the user's table that
    no image has.
    """
    table = read_label_table(files.get("labels_table"), {noun.synset for noun in nouns})
    labels = match_labels(words, label_index(nouns, files), table)
    unused = table.keys() - {_key(label.label) for label in labels}
    unknown = [label.label for label in labels if label.senses == 0]
    for problem, names in (
        ("WordNet does not have {} of its labels; set them in its labels_table", unknown),
        ("no image has {} of the labels in its labels_table; correct them", sorted(unused)),
    ):
        if names:
            text = f"{problem.format(len(names))}: {shorten(', '.join(names))}"
            print(f"warning: image set {name}: {text}", file=sys.stderr)
    return labels


def match_labels(labels: Iterable[str], index: LabelIndex, table: Mapping[str, str]) -> list[Label]:
    """Return the distinct ``labels`` of images, sorted; ``table`` is as in ``read_label_table``."""
    matches = []
    for label, images in sorted(Counter(labels).items()):
        key, texts = _key(label), _texts(label)
        nouns = _senses(texts, index)
        if key in table:
            match = Label(label, images, table[key], None, nouns)
        elif nouns:
            match = Label(label, images, nouns[0].synset, len(nouns), nouns)
        else:
            words = texts[-1].split()
            tails = [" ".join(words[start:]) for start in range(1, len(words))]
            match = Label(label, images, "", 0, _senses(tails, index))
        matches.append(match)
    return matches


def write_labels(path: str | Path, labels: Iterable[Label]) -> None:
    """Write the table of labels in words; a copy with other synsets can be the user's table."""
    rows = (
        (
            label.label,
            str(label.images),
            label.synset,
            "" if label.senses is None else str(label.senses),
            _describe(label.candidates),
        )
        for label in labels
    )
    write_tsv(path, Label._fields, rows)


def read_label_table(path: str | None, synsets: Collection[str]) -> dict[str, str]:
    """Return the synsets that a user sets by normalized label, "" for images without a label.

    Raises InputError for other columns than label and synset, for none of the ``synsets``, and for
    two synsets of one label.
    """
    synset_of: dict[str, str] = {}
    for row in labelled_rows(path, "label") if path else ():
        key, synset = _key(row["label"]), row["synset"].strip()
        if synset and synset not in synsets:
            raise InputError(
                f"{path}: expected a synset of WordNet such as n01440764 for the label "
                f"{row['label']!r}, or nothing, got {synset!r}; correct it"
            )
        if synset_of.setdefault(key, synset) != synset:
            raise InputError(
                f"{path}: expected one synset for the label {row['label']!r}, got "
                f"{synset_of[key]!r} and {synset!r}; remove one of the rows"
            )
    return synset_of


def labelled_rows(table: str | Path, key: str) -> Iterator[Mapping[str, str]]:
    """Yield the rows of a user's table with the column ``key`` and a column synset or label.

    Tabs, commas or semicolons separate the columns. Raises InputError for another format.
    """
    lines = read_lines(table)
    # Reads up to the header; the reader below reads the other lines.
    headers = ((n, line) for n, line in enumerate(lines) if not _NO_ROW.fullmatch(line))
    skipped, header = next(headers, (0, ""))
    delimiter = max("\t,;", key=header.count)  # a semicolon where commas are in numbers
    reader = csv.DictReader(chain([header.casefold()], lines), delimiter=delimiter, strict=True)
    others = [name for name in ("synset", "label") if name != key]
    try:
        columns = reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        if key not in columns or not set(others) & set(columns):
            expected = f"the columns {key} and {' or '.join(others)}"
            got = shorten(", ".join(columns)) or "nothing"
            raise InputError(
                f"{table}: expected {expected}, got {got}; name them in the first line, separated "
                "by tabs, commas or semicolons"
            )
        if "part" in columns:
            raise InputError(f"{table}: the column part is named split now; rename it")
        for row in reader:
            if None in row or None in row.values():
                raise InputError(
                    f"{table}, line {skipped + reader.line_num}: expected {len(columns)} columns"
                )
            yield row
    except csv.Error as error:
        raise InputError(f"{table}: cannot read a table of images ({error})") from None


def _key(label: str) -> str:
    """Return a normalised label, equal for its spellings in a folder and in a user's table."""
    return " ".join(clean(label).split()).casefold()


def _senses(texts: Iterable[str], index: LabelIndex) -> list[Noun]:
    """Return the nouns of the first text that has any: the concrete ones, or else the abstract."""
    for text in texts:
        nouns = index.candidates(text, any_hyphens=True)
        nouns = nouns or index.candidates(text, (_ENTITY,), any_hyphens=True)
        if nouns:
            return nouns
    return []


def _describe(nouns: Sequence[Noun]) -> str:
    """Return the first nouns with their glosses, and the number of the others."""
    texts = [f"{n.synset} {lemma_text(n.lemmas[0])} ({n.gloss})" for n in nouns[:_CANDIDATES]]
    more = len(nouns) - len(texts)
    return " | ".join(texts + [f"{more} more"] * bool(more))


def _texts(label: str) -> list[str]:
    """Return a label in words, then without leading numbers, then also without trailing ones.

    The number after one or two letters belongs to them: AK-47 is not Alaska.
    """
    text = _SEPARATORS.sub(" ", clean(label)).strip()
    no_leading = re.sub(r"^[\d ]+ ", "", text)
    no_numbers = re.sub(r"(?<=\w{3}) [\d ]+$", "", no_leading)
    return list(dict.fromkeys([text, no_leading, no_numbers]))


def _rank(noun: Noun, lemma: str, senses: Sequence[str]) -> tuple[bool, bool, int]:
    """Return the key that sorts the nouns of a lemma, the best one first."""
    sense = senses.index(noun.synset) if noun.synset in senses else len(senses)
    first = noun.lemmas[0].casefold()
    return lemma not in (first, _in_words(first)), noun.class_index is None, sense


def _in_words(lemma: str) -> str:
    return lemma.replace("-", " ").replace("_", " ")


def _singulars(word: str) -> Iterator[str]:
    """Yield a word, then the possible singulars if the word is a plural."""
    yield word
    head, underscore, last = word.rpartition("_")
    if last in _IRREGULAR:
        yield head + underscore + _IRREGULAR[last]
    for ending, singular in _PLURALS:
        if word.endswith(ending) and len(last) > len(ending) + 1:
            yield word.removesuffix(ending) + singular
