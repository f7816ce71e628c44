"""The images of a set: a folder, a table of files, an archive or a package of images.

A set becomes a table, and a zip archive of the images that come in archives and packages. The
layout of ImageNet sets labels and splits: folders named n01440764 below train and val. Folders may
also be named by nouns, and Tiny ImageNet has a table with the labels of the folder val/images.
"""

import os
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from operator import itemgetter
from pathlib import Path, PurePosixPath
from typing import Any

from wordbridge.errors import InputError
from wordbridge.files import atomic_write, write_tsv
from wordbridge.images.files import (
    ANNOTATIONS,
    LeftOut,
    file_stamp,
    name_reason,
    suffix_reason,
    walk,
)
from wordbridge.images.labels import Label, label_index, labelled_rows, match_words
from wordbridge.images.packages import (
    SourceImage,
    add_image,
    list_emoji,
    list_samples,
    list_stamps,
    members,
)
from wordbridge.images.table import (
    INVALID,
    NO_SPLIT,
    TEST,
    TRAIN,
    VALID,
    ImageRow,
    collapse_spaces,
    content_stamp,
)
from wordbridge.nouns.table import Noun, lemma_text
from wordbridge.text import clean

_SYNSET_FOLDER = re.compile(r"(n\d{8})(?:\b|_).*", re.IGNORECASE)
_ANNOTATION = re.compile(r"^([^\t\r\n]+)\t(n\d{8})\b", re.MULTILINE)
_IMAGES = ("images", "image", "img", "imgs")  # folders that are no labels
_SPLITS = {"train": TRAIN, "valid": VALID, "val": VALID, "validation": VALID, "test": TEST}


def list_images(
    name: str,
    settings: Mapping[str, Any],
    files: Mapping[str, str],
    nouns: Sequence[Noun],
    archive: str | Path,
) -> tuple[list[ImageRow], list[LeftOut], list[Label]]:
    """Return the images of the set ``name``, the files that were left out, and labels in words.

    All are sorted. ``files`` are the resources of the set by key. The images of archives and
    packages are written to the zip ``archive``, which is empty for sets of plain files. Raises
    InputError for a set without images and for an invalid table of labels.
    """
    noun_of = {noun.synset: noun for noun in nouns}
    sources: dict[str, SourceImage] = {}  # by location, without their data
    left_out: set[LeftOut] = set()
    with atomic_write(archive) as partial, zipfile.ZipFile(partial, "w") as target:
        for image in _source_images(settings, files, nouns):
            if isinstance(image, LeftOut):
                left_out.add(image)
                continue
            location, reason = image.location or image.path, ""
            if INVALID.search(image.path):
                reason = "its name is not UTF-8, or has a tab, a line end or the like; rename it"
            elif location in sources:
                reason = "in the set twice; only the first is used"
            elif image.synset and image.synset not in noun_of:
                reason = f"{image.synset} is not a noun of WordNet"
            if reason:
                left_out.add(LeftOut(image.path, reason))
                continue
            if image.data is not None:
                add_image(target, image.path, image.data)
                image = image._replace(data=None, stamp=content_stamp(image.data))
            sources[location] = image
    has_nouns = settings.get("labels") == "folders"
    if has_nouns:
        sources |= _class_train(sources)
    words = {place: i.label for place, i in sources.items() if i.label and not i.synset}
    if has_nouns:
        words = _without_names_of_sets(words, {place: i.path for place, i in sources.items()})
    labels = []
    if words or "labels_table" in files:
        labels = match_words(name, words.values(), files, nouns)
    synset_of_label = {label.label: label.synset for label in labels}
    images = []
    for location, image in sources.items():
        noun = noun_of.get(image.synset or synset_of_label.get(words.get(location, ""), ""))
        row = ImageRow(
            set=name,
            image=image.path,
            synset=noun.synset if noun else "",
            kind=image.kind or settings["image_kind"],
            split=settings["split"] or image.split if noun else NO_SPLIT,
            name=image.name or (lemma_text(noun.lemmas[0]) if noun else ""),
            fr_name=image.fr_name,
            archive="" if image.location else str(archive),
            member=image.location or image.path,
            stamp=image.stamp,
        )
        images.append(row)
    places = {**settings, **files}
    source = next(places[k] for k in ("table", "folder", "archive", "package") if k in places)
    labelled = settings.get("labels") != "none"
    _check_counts(f"image set {name}: {source}", images, left_out, labelled)
    return sorted(images, key=lambda row: row.image), sorted(left_out), labels


def write_left_out(path: str | Path, left_out: Iterable[LeftOut]) -> None:
    """Write the table of the files that were left out: columns image, reason."""
    rows = ([collapse_spaces(field) for field in row] for row in left_out)
    escaped = ([field.encode(errors="backslashreplace").decode() for field in row] for row in rows)
    write_tsv(path, LeftOut._fields, escaped)


def list_folder(folder: str | Path, labels: str = "synsets") -> Iterator[SourceImage | LeftOut]:
    """Yield the images of a folder and its subfolders, sorted by path.

    Folders named train, valid, val or test set the split. ``labels`` is "synsets" (folders named
    n01440764 and the table val_annotations.txt set the label), "folders" (other names do, too) or
    "none". Files with other suffixes, empty files, broken links, folders that cannot be listed, and
    items that ``walk`` leaves out are left out. Raises InputError without a folder.
    """
    root = Path(folder)
    if not root.is_dir():
        got = "none"
        if root.exists():
            got = "a file"
        elif _find_file(Path(), os.fspath(folder)).exists():
            got = "one in another Unicode normal form"
        raise InputError(
            f"{folder}: expected a folder of images, got {got}; correct the path in the config or "
            "remove the image set"
        )

    left_out: list[LeftOut] = []

    def fail(error: OSError) -> None:
        below = os.path.relpath(error.filename, root)
        if below == "." or not isinstance(error, PermissionError):
            raise InputError(
                f"{error.filename}: expected to list it, got {error.strerror!r}; check the disk and"
                " the permissions"
            )
        left_out.append(LeftOut(below, f"cannot be listed ({error.strerror})"))

    paths = []
    for current, names, others in walk(root, fail):
        below = PurePosixPath(os.path.relpath(current, root))
        paths += [(below / name).as_posix() for name in names]
        left_out += [LeftOut(str(below / other.image), other.reason) for other in others]
    yield from left_out
    annotated = _annotated_synsets(
        (path, (root / path).read_bytes()) for path in paths if _is_annotation(path)
    )
    for path in sorted(paths):
        if reason := suffix_reason(path):
            is_broken = os.path.islink(root / path) and not os.path.exists(root / path)
            yield LeftOut(path, "a broken link" if is_broken else reason)
        else:
            yield _add_stamp(root, _labelled_by_path(path, labels, annotated))


def list_archive(archive: str | Path, labels: str = "synsets") -> Iterator[SourceImage | LeftOut]:
    """Yield the images in a tar or zip archive with their bytes, in the order of the archive.

    Folders set labels and splits as in ``list_folder``. Raises InputError for a damaged archive.
    """
    annotated = _annotated_synsets(members(archive, _is_annotation))
    for path, data in members(archive, lambda path: True):
        if item := _left_out_by_name(path):
            yield item
        elif reason := suffix_reason(path):
            yield LeftOut(path, reason)
        elif isinstance(data, LeftOut):
            yield data
        elif not data:
            yield LeftOut(path, "empty")
        else:
            yield _labelled_by_path(path, labels, annotated)._replace(data=data)


def list_table(table: str | Path, folder: str | Path) -> Iterator[SourceImage | LeftOut]:
    """Yield the images that a table names, sorted by path.

    The table has the columns path (below ``folder``), synset or label (a noun or a synset), and
    optionally split, separated by tabs, commas or semicolons. Hidden files and files with an
    invalid synset or split are left out. Raises InputError for other columns.
    """
    for row in sorted(labelled_rows(table, "path"), key=itemgetter("path")):
        path, label = row["path"], collapse_spaces(row.get("label", ""))
        synset = row.get("synset", "").strip().lower()
        split = row.get("split", "").strip().lower()
        if re.fullmatch(r"n\d{8}", label.lower()):
            synset, label = synset or label.lower(), ""
        if synset and not re.fullmatch(r"n\d{8}", synset):
            yield LeftOut(path, f"expected a synset such as n01440764, got {synset!r}")
        elif split and split not in _SPLITS:
            yield LeftOut(path, f"expected the split train, valid or test, got {split!r}")
        elif item := _left_out_by_name(path):
            yield item._replace(image=path)
        else:
            image = SourceImage(path, synset, _SPLITS.get(split, NO_SPLIT), label=label)
            yield _add_stamp(Path(folder), image)


def synset_of(path: str) -> str:
    """Return the synset of the innermost folder of a path that is named by a synset, or ""."""
    for folder in reversed(PurePosixPath(path).parent.parts):
        if match := _SYNSET_FOLDER.fullmatch(folder):
            return match[1].lower()
    return ""


def label_of(path: str) -> str:
    """Return the name of the innermost folder of a path that may be a label, or "".

    The folder of the split, folders named images and those without letters are no labels.
    """
    above, below = _around_split(path)
    return _innermost_label(below) or _innermost_label(above)


def split_of(path: str) -> str:
    """Return the split of the outermost folder of a path that is named by a split, or ""."""
    folders = map(str.lower, PurePosixPath(path).parent.parts)
    return next((_SPLITS[name] for name in folders if name in _SPLITS), NO_SPLIT)


def _around_split(path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the folders of a path above and below that of the split; without one, all below."""
    folders = PurePosixPath(path).parent.parts
    depths = (depth for depth, name in enumerate(folders) if name.lower() in _SPLITS)
    split = next(depths, -1)
    return folders[: max(split, 0)], folders[split + 1 :]


def _innermost_label(folders: Sequence[str]) -> str:
    names = (name for name in reversed(folders) if name.lower() not in _IMAGES)
    return next((name for name in names if re.search(r"[^\W\d_]", name)), "")


def _class_train(sources: Mapping[str, SourceImage]) -> dict[str, SourceImage]:
    """Return the images of the class train, the vehicle, by location: with this label, no split.

    The folder train is a class if it is the only folder named by a split, has no labels below, and
    is beside at least two folders that may be labels, such as dog and car: beside train, the
    archives of Kaggle have test1.
    """
    inside = {place: image for place, image in sources.items() if image.split}
    around = {_around_split(image.path) for image in inside.values()}
    parents = {above for above, _ in around}
    has_labels = any(_innermost_label(below) for _, below in around)
    if len(parents) != 1 or has_labels or {i.split for i in inside.values()} != {TRAIN}:
        return {}
    depth = len(parent := parents.pop())
    others = {PurePosixPath(i.path).parent.parts for i in sources.values() if not i.split}
    beside = {_innermost_label(names[depth:]) for names in others if names[:depth] == parent}
    if len(beside - {""}) < 2:
        return {}
    return {place: image._replace(label="train", split=NO_SPLIT) for place, image in inside.items()}


def _without_names_of_sets(words: Mapping[str, str], paths: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of folders, by location as ``paths``, without the names of whole sets.

    Next to flowers/train/rose/a.jpg, the image flowers/test/b.jpg has no label.
    """
    around = {location: _around_split(path) for location, path in paths.items()}
    sets = {above for above, below in around.values() if above and _innermost_label(below)}
    return {
        location: label
        for location, label in words.items()
        if around[location][0] not in sets or _innermost_label(around[location][1])
    }


def _check_counts(
    source: str, rows: Sequence[ImageRow], left_out: Collection[LeftOut], labelled: bool
) -> None:
    """Raise InputError for no images or, if ``labelled``, no labels; print a warning for few."""
    reasons = Counter(item.reason for item in sorted(left_out)).most_common(1)
    main = f" (most of them: {reasons[0][0]})" if reasons else ""
    counts = f"{source}: expected images, got {len(rows)}; {len(left_out)} files are left out{main}"
    if not rows:
        raise InputError(f"{counts}; correct the path or remove the image set")
    if len(rows) < len(left_out) / 9:
        print(f"warning: {counts}", file=sys.stderr)
    labels = sum(bool(row.synset) for row in rows)
    if labelled and labels < len(rows) / 10:
        problem = (
            f"{source}: expected labels, got {labels} of {len(rows)} images; name folders by "
            "synsets (n02084071), set labels: folders if nouns name them, or put an album into "
            "run.unlabelled_sets"
        )
        if not labels:
            raise InputError(problem)
        print(f"warning: {problem}", file=sys.stderr)


def _source_images(
    settings: Mapping[str, Any], files: Mapping[str, str], nouns: Sequence[Noun]
) -> Iterable[SourceImage | LeftOut]:
    match settings["kind"]:
        case "folder":
            return list_folder(settings["folder"], settings["labels"])
        case "table":
            return list_table(files["table"], settings["folder"])
        case "tar":
            return list_archive(files["archive"], settings["labels"])
        case "foolbox":
            return list_samples(files["package"], nouns)
    labels = label_index(nouns, files)
    if settings["kind"] == "stamps":
        return list_stamps(files["package"], labels, settings["skip"])
    return list_emoji(files["package"], files["names"], files["groups"], labels)


def _labelled_by_path(path: str, labels: str, annotated: Mapping[str, str]) -> SourceImage:
    """Return an image with the label and split of its path; see ``list_folder``."""
    synset = "" if labels == "none" else synset_of(path) or annotated.get(path, "")
    label = label_of(path) if labels == "folders" and not synset else ""
    return SourceImage(path, synset, split_of(path), label=label)


def _is_annotation(path: str) -> bool:
    return PurePosixPath(path).name == ANNOTATIONS


def _annotated_synsets(tables: Iterable[tuple[str, bytes | LeftOut]]) -> dict[str, str]:
    """Return the synset of each image by path: a table labels the folder images beside it."""
    return {
        str(PurePosixPath(path).with_name("images") / name): synset
        for path, data in tables
        if isinstance(data, bytes)
        for name, synset in _ANNOTATION.findall(data.decode("utf-8", "replace"))
    }


def _add_stamp(root: Path, image: SourceImage) -> SourceImage | LeftOut:
    """Return an image with the location and stamp of its file, or why the image is left out."""
    location = _find_file(root, image.path)
    stamp, reason = file_stamp(location)
    if reason:
        return LeftOut(image.path, reason)
    return image._replace(location=location.as_posix(), stamp=stamp)


def _find_file(root: Path, path: str) -> Path:
    """Return the file of a path, whose names on the disk may differ in normal form or spaces."""
    if os.path.exists(root / path):
        return root / path
    location = root
    for name in PurePosixPath(clean(path).replace("\\", "/")).parts:
        exists = os.path.exists(location / name)
        location /= name if exists else _names_by_clean_name(location).get(name, name)
    return location


@lru_cache
def _names_by_clean_name(folder: Path) -> dict[str, str]:
    with suppress(OSError):
        return {clean(name): name for name in os.listdir(folder)}
    return {}


def _left_out_by_name(path: str) -> LeftOut | None:
    """Return the outermost hidden or system folder of a path, or the file itself, or None."""
    names = PurePosixPath(path).parts
    for depth, name in enumerate(names, start=1):
        if name != ".." and (reason := name_reason(name)):
            return LeftOut("/".join(names[:depth]), reason)
    return None
