"""All scores of one method and seed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordbridge.devise.noun_scores import noun_scores
from wordbridge.devise.picture_scores import PictureScores, score_pictures
from wordbridge.devise.picture_table import Picture
from wordbridge.devise.predictions import Predictions
from wordbridge.devise.questions import EVERY, Group, Labelled, groups, labelled, questions
from wordbridge.devise.retrieval import finite_or_none
from wordbridge.devise.word_queries import score_queries
from wordbridge.devise.words import Words

Ints = NDArray[np.int64]
BY_NOUN = ("seen", "unseen", "classes")  # questions that the table of single nouns is about


def evaluate(
    predictions: Predictions, table: Sequence[Picture], words: Words, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the record of all scores of ``predictions`` for the pictures of ``table``.

    ``settings``: ``hits``, ``precision`` and ``queries`` are the ks of flat hit@k, hierarchical
    precision@k and the precision@k of word queries; ``hops`` the distances of the n-hop sets.
    Keys of the record: space; left_out (pictures of the table that have no prediction);
    rows (picture -> word, one per question and group); words (word -> picture, one per group);
    nouns (single nouns, of the questions in BY_NOUN). No training picture is scored, and no
    valid one where there is a test part.
    """
    graph = words.graph()
    known = labelled(predictions.pictures, table, words.synsets)
    pictures, asked = questions(known, words.classes, words.nodes, graph, settings["hops"])
    scores = noun_scores(predictions, words.synsets, words.vectors)
    ks = settings["hits"], settings["precision"]
    results = score_pictures(scores, pictures, asked, words.nodes, graph, *ks)
    rows, nouns = [], []
    for question, result in zip(asked, results, strict=True):
        for group in groups(pictures, question.asked):
            heading = _heading(group) | {"candidates": question.candidates}
            figures = _figures(result, pictures, group.chosen, *ks)
            rows.append(heading | {"labels": len(question.nouns)} | figures)
        if question.candidates in BY_NOUN:
            nouns += _by_noun(result, pictures, question.candidates, question.asked, words, ks[0])
    everything = np.ones(len(pictures), bool)
    galleries = groups(pictures, everything) if len(pictures) else []
    if len({group.part for group in galleries}) > 1:
        galleries.append(Group(EVERY, EVERY, EVERY, np.arange(len(pictures))))
    return {
        "space": predictions.space,
        "left_out": len(table) - len(predictions.pictures),
        "rows": rows,
        "words": [
            _heading(group) | score_queries(scores, pictures, group, settings["queries"])
            for group in galleries
        ],
        "nouns": nouns,
    }


def _heading(group: Group) -> dict[str, str]:
    return {"set": group.set, "kind": group.kind, "part": group.part}


def _figures(
    result: PictureScores,
    pictures: Labelled,
    chosen: Ints,
    hit_ks: Sequence[int],
    precision_ks: Sequence[int],
) -> dict[str, Any]:
    """Return the means over the ``chosen`` pictures; what cannot be computed is None."""
    wrong = result.steps[chosen]
    wrong = wrong[~np.isnan(wrong)]
    hit_means = np.mean(result.hits[chosen], axis=0)
    precision_means = np.mean(result.precision[chosen], axis=0)
    figures = {f"hit@{k}": mean for k, mean in zip(hit_ks, hit_means, strict=True)}
    figures |= {f"hp@{k}": mean for k, mean in zip(precision_ks, precision_means, strict=True)}
    figures |= {
        "mrr": np.mean(1 / result.ranks[chosen]),
        "median_rank": np.median(result.ranks[chosen]),
        "wrong_steps": np.mean(wrong) if len(wrong) else np.nan,
    }
    counts = {"pictures": len(chosen), "nouns": len(np.unique(pictures.nouns[chosen]))}
    return counts | {name: finite_or_none(figure) for name, figure in figures.items()}


def _by_noun(
    result: PictureScores,
    pictures: Labelled,
    candidates: str,
    asked: NDArray[np.bool_],
    words: Words,
    ks: Sequence[int],
) -> list[dict[str, Any]]:
    """Return hits and the most frequent wrong answer of each noun with pictures in ``asked``."""
    made = []
    for noun in np.unique(pictures.nouns[asked]):
        chosen = np.flatnonzero(asked & (pictures.nouns == noun))
        best = result.best[chosen][~np.isnan(result.steps[chosen])]
        nodes, counts = np.unique(best, return_counts=True)
        means = np.mean(result.hits[chosen], axis=0).tolist()
        made.append(
            {
                "candidates": candidates,
                "synset": words.synsets[noun],
                "name": words.name(int(words.nodes[noun])),
                "pictures": len(chosen),
                **{f"hit@{k}": mean for k, mean in zip(ks, means, strict=True)},
                "taken_for": words.name(int(nodes[np.argmax(counts)])) if len(nodes) else "",
            }
        )
    return made
