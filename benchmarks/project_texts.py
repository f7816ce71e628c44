"""The project's side of the comparison up to the embeddings; each stage runs in a process.

What a stage imports while its time runs, the port imports in the same stage.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.processes import peak_mb

if TYPE_CHECKING:
    from wordbridge.corpus.pairs import Pair, TokenizedPair

LANGUAGES = ("en", "fr")
Figures = dict[str, float]
Config = Mapping[str, Any]

_BUCKETS = 20_000  # of the vectors learned here; the library's two million make a file of 2.4 GB


def extract(folder: Path, config: Config) -> tuple[list["Pair"], Figures]:
    """Return the question pairs of fr.txt and en.txt in ``folder``; they are written there, too."""
    from wordbridge.corpus.pairs import Pair, write_pairs
    from wordbridge.corpus.questions import READ, aligned_lines, extract_questions

    report: Counter[str] = Counter()
    started = time.perf_counter()
    lines = aligned_lines(folder / "fr.txt", folder / "en.txt")
    matches = extract_questions(lines, report=report, **config["questions"])
    pairs = [Pair(str(number), str(number), fr, en) for number, fr, en in matches]
    write_pairs(folder / "questions.tsv", pairs)
    seconds = time.perf_counter() - started
    rows = report[READ]
    return pairs, {"rows_per_second": rows / seconds, "rows": rows, "pairs": len(pairs)}


def tokenize(
    pairs: Sequence["Pair"], folder: Path, config: Config
) -> tuple[list["TokenizedPair"], Figures]:
    """Return the pairs as the port cuts them, short ones only, with the split of each.

    It cuts lower-cased texts by spaCy's rules alone.
    """
    started = time.perf_counter()
    from wordbridge.corpus.tokenizer import TokenRules, tokenize_pairs

    rules = dict.fromkeys(config["tokens"]["rules"], False)
    rules |= {"lower_case": True, "white_space": True}
    cut = tokenize_pairs(pairs, TokenRules(**rules), Counter(), max_en_tokens=10**9)
    seconds = time.perf_counter() - started

    from wordbridge.corpus.pairs import write_tokenized
    from wordbridge.corpus.splits import split_pairs

    tokens = sum(len(pair.fr_tokens) + len(pair.en_tokens) for pair in cut)
    short = [pair for pair in cut if len(pair.en_tokens) <= config["tokens"]["max_en_tokens"]]
    parted = split_pairs(short, config["split"])
    write_tokenized(folder / "pairs.tsv", parted)
    return parted, {"tokens_per_second": tokens / seconds, "tokens": tokens, "pairs": len(parted)}


def number(pairs: Sequence["TokenizedPair"], folder: Path, config: Config) -> Figures:
    """Leave vocabularies and ids in ``folder``; return the size of each vocabulary."""
    from wordbridge.corpus.ids import write_ids
    from wordbridge.corpus.pairs import token_lists
    from wordbridge.corpus.vocabulary import build_vocabulary, numericalize, write_vocabulary

    words, limits, sizes = config["vocabulary"], config["lengths"], {}
    for language in LANGUAGES:
        counted = token_lists(pairs, language, words["from_split"])
        vocabulary = build_vocabulary(counted, words["size"], words["min_count"])
        write_vocabulary(vocabulary, folder / f"{language}.words.tsv")
        numbered = numericalize(
            token_lists(pairs, language, "all"),
            [pair.split for pair in pairs],
            vocabulary,
            limits[f"{language}_percentile"],
            limits["from_split"],
            limits["keep_eos"],
        )
        write_ids(numbered, folder / f"{language}.npz")
        sizes[language] = float(len(vocabulary))
    return sizes


def prepare_texts(folder: Path, config: Config) -> dict[str, Figures]:
    """Return rates and sizes of the three stages above."""
    pairs, extraction = extract(folder, config)
    tokenized, tokenisation = tokenize(pairs, folder, config)
    sizes = number(tokenized, folder, config)
    return {"extraction": extraction, "tokenisation": tokenisation, "vocabulary": sizes}


def learn_vectors(folder: Path, language: str, lines: int, epochs: int) -> None:
    """Leave a fastText model of all questions and the first ``lines`` of the text in ``folder``.

    Every word counts, so that both sides find a vector for every word of the vocabulary.
    """
    from wordbridge.corpus.pairs import read_tokenized, token_lists
    from wordbridge.corpus.questions import read_lines
    from wordbridge.corpus.tokenizer import TokenRules
    from wordbridge.corpus.tokenizer import tokenize as cut
    from wordbridge.vectors.skipgram import train_vectors

    texts = list(islice(read_lines(folder / f"{language}.txt"), lines))
    rules = TokenRules(
        punctuation=False,
        repeated_characters=True,
        repeated_words=True,
        capitals=False,
        lower_case=True,
        spacing=True,
        line_breaks=True,
        white_space=False,
    )
    tokens = cut(texts, language, rules)
    tokens += token_lists(read_tokenized(folder / "pairs.tsv"), language, "all")
    settings = {"dim": 300, "epochs": epochs, "learning_rate": 0.05, "window": 5, "neg": 5}
    settings |= {"min_count": 1, "minn": 3, "maxn": 6, "bucket": _BUCKETS, "t": 1e-4}
    train_vectors(tokens, folder / f"{language}.bin", settings)


def embed(folder: Path, bins: Mapping[str, Path], config: Config, preset: str) -> Figures:
    """Leave the embedding matrices of ``preset`` in ``folder``; return seconds and memory in MB."""
    from wordbridge.arrays import save_matrix
    from wordbridge.corpus.vocabulary import read_vocabulary
    from wordbridge.vectors.embeddings import build_embeddings
    from wordbridge.vectors.fasttext import FastTextBin

    words = {language: read_vocabulary(folder / f"{language}.words.tsv") for language in bins}
    options = {key: config["embeddings"][key] for key in ("scale", "seed", "fallbacks")}
    before, started = peak_mb(), time.perf_counter()
    for language, path in bins.items():
        # The library gives the port vectors of length 1, which it multiplies by 3.
        vectors = FastTextBin(path, unit_length=options["scale"] != "unit")
        known = words[language]
        made = build_embeddings(known.words, known.counts, vectors, **options)
        save_matrix(made.matrix, folder / f"{preset}.{language}.npy")
    return {"seconds": time.perf_counter() - started, "memory": peak_mb() - before}
