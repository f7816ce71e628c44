"""Building of indexes: rows of nouns and images, distinct vectors, the graph and its recall."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from wordbridge.arrays import Matrix, l2_normalize, save_array, save_matrix
from wordbridge.devise.predictions import WORDS, read_predictions
from wordbridge.errors import InputError
from wordbridge.files import atomic_write, file_sha256, write_json, write_tsv
from wordbridge.images.table import read_images
from wordbridge.nouns.matrix import read_noun_vectors
from wordbridge.nouns.table import Noun, lemma_text, read_nouns
from wordbridge.search.index import (
    COLUMNS,
    DESCRIPTION,
    EQUAL,
    FILES,
    GRAPH,
    LABELS,
    ROWS,
    SPACE,
    STEP,
    VECTORS,
    ExactSearch,
    HnswSearch,
    cosines_with,
    nmslib_index,
    recall,
)

_LEAST_RECALL = 0.98  # of a graph on its own vectors; below, exact search is used
_SAMPLE, _NEIGHBOURS = 200, 10  # queries and neighbours of a graph's own recall
_COPIED = ("synset", "set", "image", "kind", "split", "archive", "member", "stamp")


def index_rows(
    settings: Mapping[str, Any], files: Any
) -> tuple[Matrix, list[dict[str, str]], dict[str, Any]]:
    """Return vectors (rows, dim) of an ``index`` (classes, nouns or images), labels and source.

    The source describes the origin of the rows: the index, its method and digests of ``files``.
    Every index needs the files ``nouns``, ``vectors`` and ``rows``. The index of images also needs
    ``images`` (tables), ``predictions`` and their ``description``, ``features`` (the row tables of
    the shards, in the order of the predictions) and ``model`` (weights and settings), and
    ``method`` and ``seed`` in ``settings``. Raises InputError when files do not belong together, or
    the predictions are not word vectors.
    """
    index = settings["index"]
    nouns = noun_labels(read_nouns(files["nouns"]))
    source = {"index": index, "word_vectors": file_sha256(files["vectors"])}
    if index == "images":
        vectors, labels = image_rows(nouns, files)
        source |= {"method": settings["method"], "seed": settings["seed"]}
        source |= model_digests(*files["model"])
    else:
        vectors, labels = _noun_rows(nouns, files, classes=index == "classes")
    return vectors, labels, source


def image_rows(
    nouns: Mapping[str, Mapping[str, str]], files: Any
) -> tuple[Matrix, list[dict[str, str]]]:
    """Return the predicted vectors (images, dim) of the images in the tables, and their labels.

    ``nouns`` has the label columns of each synset, which images with this label share.
    """
    description = files["description"]
    predicted = read_predictions(files["predictions"], description, files["features"])
    if predicted.space != WORDS:
        raise InputError(
            f"{description}: expected predictions in the space {WORDS}, got {predicted.space}; "
            "search with a method that predicts word vectors, such as conse"
        )
    table = {(row.set, row.image): row for path in files["images"] for row in read_images(path)}
    labels = []
    for key in predicted.images:
        image = table[key]
        label = image.name or Path(image.image).stem  # unless the noun has one
        columns = {name: getattr(image, name) for name in _COPIED}
        labels.append({"label": label, **nouns.get(image.synset, {}), **columns})
    return predicted.values, labels


def model_digests(model: str | Path, settings: str | Path) -> dict[str, str]:
    """Return the digests of weights and settings by which a model is recognised."""
    return {"model": file_sha256(model), "model_settings": file_sha256(settings)}


def noun_labels(nouns: Iterable[Noun]) -> dict[str, dict[str, str]]:
    """Return ``label`` (first lemma) and ``path`` (label, hypernym, ...) of each synset."""
    table = {noun.synset: noun for noun in nouns}
    labels = {}
    for synset in table:
        steps = [synset]
        while hypernyms := table[steps[-1]].hypernyms:
            steps.append(hypernyms[0])
        names = [lemma_text(table[step].lemmas[0]) for step in steps]
        labels[synset] = {"label": names[0], "path": STEP.join(names)}
    return labels


def write_index(
    folder: str | Path,
    vectors: Matrix,
    labels: Sequence[Mapping[str, str]],
    source: Mapping[str, Any],
    settings: Mapping[str, int],
) -> None:
    """Write an index of ``vectors`` (rows, dim), of any norm, with one label per row.

    ``source`` (index, method, digests of inputs) is copied into the description. Missing label
    columns become empty.
    """
    target, unit = Path(folder), l2_normalize(vectors)
    nonzero = np.flatnonzero(unit.any(axis=1))
    numbers: dict[bytes, int] = {}  # of the distinct vectors, in the order of their first rows
    rows = np.full(len(unit), -1)
    rows[nonzero] = [numbers.setdefault(row.tobytes(), len(numbers)) for row in unit[nonzero]]
    _, first = np.unique(rows[nonzero], return_index=True)
    distinct = unit[nonzero[first]]
    save_matrix(distinct, target / VECTORS)
    save_array(rows, target / ROWS)
    lines = ([label.get(name, "") for name in COLUMNS] for label in labels)
    write_tsv(target / LABELS, COLUMNS, lines)
    write_graph(distinct, target / GRAPH, settings)
    graph = HnswSearch(distinct, target / GRAPH, settings["ef_search"])
    share = round(own_recall(distinct, graph), 4)
    reason = (
        f"exact search is used, because the graph finds only {share:.2%} of the nearest "
        f"neighbours of its own vectors, expected {_LEAST_RECALL:.0%}; raise search.graph.M for it"
    )
    files = {
        name: {"bytes": (target / name).stat().st_size, "sha256": file_sha256(target / name)}
        for name in FILES
    }
    description = {
        **source,
        "rows": len(rows),
        "dim": int(unit.shape[1]),
        "space": SPACE,
        "graph": dict(settings),
        "own_recall": share,
        "exact": reason if share < _LEAST_RECALL else "",
        "files": files,
    }
    write_json(target / DESCRIPTION, description)


def write_graph(vectors: Matrix, path: str | Path, settings: Mapping[str, int]) -> None:
    """Write the HNSW graph (Malkov and Yashunin 2018) over ``vectors`` (rows, dim) of length 1.

    ``settings`` has the number of links of each row (``M``) and of candidates while a row is added
    (``ef_construction``). Equal vectors give equal bytes, no vectors an empty file.
    """
    # One thread, since several would add links in varying order.
    sizes = {"M": settings["M"], "efConstruction": settings["ef_construction"]}
    parameters = {**sizes, "post": 0, "indexThreadQty": 1}

    def build(path: Path) -> None:
        graph = nmslib_index(vectors)
        graph.createIndex(parameters, print_progress=False)
        try:
            graph.saveIndex(str(path), save_data=False)
        except RuntimeError as error:
            raise InputError(
                f"{path.parent}: expected to write an index there, nmslib got {str(error)!r}; "
                "free some space and run the same command again"
            ) from error

    with atomic_write(path) as partial, ThreadPoolExecutor(1) as new_thread:
        partial.touch()
        if len(vectors):
            # nmslib draws the levels of the rows from a generator that restarts in each thread;
            # a thread that built a graph before would build another one from the same rows.
            new_thread.submit(build, partial).result()


def own_recall(vectors: Matrix, graph: ExactSearch) -> float:
    """Return the recall of ``graph`` where its own ``vectors`` are the queries.

    The queries are at most 200 vectors that are far apart. The result is the lowest of the means
    over the first 10, 11, ... of these queries: a graph with many near-duplicates loses the few
    other vectors. A vector that does not find itself counts as 0.
    """
    exact, recalls = ExactSearch(vectors), []
    for row in far_apart(vectors, _SAMPLE):
        result = graph.search(vectors[row], _NEIGHBOURS)
        finds_itself = result.cosines[0] >= 1 - EQUAL
        recalls.append(finds_itself * recall(result, exact.search(vectors[row], _NEIGHBOURS)))
    if not recalls:
        return 1.0
    means = np.cumsum(recalls) / np.arange(1, len(recalls) + 1)  # over the first 1, 2, ...
    return float(means[min(9, len(means) - 1) :].min())


def far_apart(vectors: Matrix, count: int) -> list[int]:
    """Return at most ``count`` rows: the first, then always the row farthest from all before.

    This is the farthest-point sampling of Gonzalez (1985).
    """
    if not len(vectors):
        return []
    rows = [0]
    nearest = np.full(len(vectors), -np.inf)  # each row's highest cosine with the rows so far
    while len(rows) < min(count, len(vectors)):
        np.maximum(nearest, cosines_with(vectors, vectors[rows[-1]]), out=nearest)
        rows.append(int(nearest.argmin()))
    return rows


def _noun_rows(
    nouns: Mapping[str, Mapping[str, str]], files: Any, classes: bool
) -> tuple[Matrix, list[dict[str, str]]]:
    """Return vectors and labels of all nouns with a vector, or of ImageNet's classes in order."""
    rows, matrix = read_noun_vectors(files["vectors"], files["rows"])
    if classes:
        indices = [
            (row.class_index, n) for n, row in enumerate(rows) if row.class_index is not None
        ]
        order = [n for _, n in sorted(indices)]
        rows, matrix = [rows[n] for n in order], matrix[order]
    labels = [{"synset": row.synset, **nouns.get(row.synset, {"label": row.lemma})} for row in rows]
    return matrix, labels
