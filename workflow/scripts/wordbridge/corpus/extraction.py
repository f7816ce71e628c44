"""Question pairs out of any corpus of the configuration."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from wordbridge.corpus.lines import aligned_lines, tabbed_lines
from wordbridge.corpus.pairs import Pair, read_pairs
from wordbridge.corpus.questions import extract_lines, extract_questions


def extract_corpus(
    corpus: Mapping[str, Any],
    files: Mapping[str, str],
    questions: Mapping[str, Any],
    report: Counter[str],
) -> Iterator[Pair]:
    """Yield the question pairs of ``corpus``, of kind pairs, lines or table, read from ``files``.

    ``questions`` has fr_pattern, en_pattern and max_characters; ``report`` gets the counts.
    """
    if corpus["kind"] == "pairs":
        return extract_questions(read_pairs(files["pairs"]), report=report, **questions)
    if corpus["kind"] == "lines":
        lines = aligned_lines(files["fr"], files["en"])
    else:
        lines = tabbed_lines(files["table"], corpus["fr_column"], corpus["en_column"])
    return extract_lines(lines, report=report, **questions)
