"""The matrix that an embedding layer starts from.

Which vector each word gets.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from wordbridge.corpus.special_tokens import SPECIALS
from wordbridge.errors import InputError
from wordbridge.vectors.embeddings import build_embeddings, resolve, write_coverage
from wordbridge.vectors.protocol import Mask, Matrix
from wordbridge.vectors.readers import RandomVectors

DIM = 5
TOKENS = [*SPECIALS, "le", "chat", "élie", "héna", "dort", "a\tb"]
COUNTS = [0, 0, 0, 0, 40, 20, 10, 6, 3, 1]


class Table:
    """Random vectors, neither centred nor of unit deviation, of all words but a few."""

    dim = DIM

    def __init__(self, lacking: Sequence[str] = ("élie", "héna", "a\tb")) -> None:
        self.lacking = lacking

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        found = np.array([word not in self.lacking for word in words], np.bool_)
        rows = [self.row(word) for word in words if word not in self.lacking]
        return np.array(rows, np.float32).reshape(-1, DIM), found

    @staticmethod
    def row(word: str) -> Matrix:
        return np.array([len(word) + ord(word[0]) * place % 7 for place in range(DIM)], np.float32)


def test_found_vectors_get_unit_deviation_together() -> None:
    embedding = build_embeddings(TOKENS, COUNTS, Table(), seed=1, fallbacks=())

    found = embedding.matrix[[4, 5, 8]]
    assert embedding.matrix.dtype == np.float32
    assert embedding.matrix.shape == (len(TOKENS), DIM)
    assert found.std() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(found[0], Table.row("le") * embedding.factor, rtol=1e-6)


def test_a_number_as_scale_multiplies() -> None:
    embedding = build_embeddings(TOKENS, COUNTS, Table(), seed=1, scale=3.0, fallbacks=())

    assert embedding.factor == 3
    np.testing.assert_allclose(embedding.matrix[5], 3 * Table.row("chat"))


def test_specials_are_random_and_the_padding_is_zero() -> None:
    matrix = build_embeddings(TOKENS, COUNTS, Table(lacking=()), seed=1).matrix

    assert not matrix[1].any()
    for row, token in ((0, "_bos_"), (2, "_eos_"), (3, "_unk")):
        assert matrix[row].any()
        assert not np.allclose(matrix[row], Table.row(token))


def test_misses_are_standard_normal() -> None:
    words = [f"w{number}" for number in range(3000)]
    tokens = [*SPECIALS, *words]
    matrix = build_embeddings(tokens, [1] * len(tokens), Table(words), seed=4, fallbacks=()).matrix[
        4:
    ]

    assert abs(float(matrix.mean())) < 0.03
    assert float(matrix.std()) == pytest.approx(1, abs=0.03)
    assert len(np.unique(matrix[:, 0])) == len(words)


def test_another_word_changes_no_other_row() -> None:
    first = build_embeddings(TOKENS, COUNTS, Table(), seed=1, scale=1.0, fallbacks=()).matrix
    order = [0, 1, 2, 3, 7, 9, 4, 5, 6, 8]
    tokens, counts = [TOKENS[row] for row in order], [COUNTS[row] for row in order]

    second = build_embeddings(
        [*tokens, "ivva"], [*counts, 1], Table(), seed=1, scale=1.0, fallbacks=()
    ).matrix

    np.testing.assert_array_equal(first[order], second[:-1])


def test_random_rows_depend_on_the_seed() -> None:
    first, again, other = (
        build_embeddings(TOKENS, COUNTS, Table(), seed=seed, fallbacks=()).matrix
        for seed in (1, 1, 2)
    )

    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first[7], other[7])
    np.testing.assert_array_equal(first[4], other[4])


def test_without_specials_every_row_is_a_word() -> None:
    matrix = build_embeddings(["le", "héna", "chat"], [3, 2, 1], Table(), seed=1, specials=0).matrix

    assert matrix.any(axis=1).all()


def test_without_any_vectors_all_rows_are_the_random_ones() -> None:
    table = build_embeddings(TOKENS, COUNTS, Table(), seed=1, fallbacks=()).matrix
    embedding = build_embeddings(TOKENS, COUNTS, RandomVectors(DIM), seed=1, fallbacks=())

    assert embedding.matrix.shape == (len(TOKENS), DIM)
    assert not embedding.matrix[1].any()
    np.testing.assert_array_equal(embedding.matrix[7], table[7])
    assert list(embedding.coverage.misses["token"]) == TOKENS[4:]


def test_the_report_counts_types_and_tokens_by_step() -> None:
    report = build_embeddings(
        TOKENS, COUNTS, Table(["héna", "a\tb", "élie"]), seed=1, fallbacks=["case", "hyphen"]
    ).coverage.report.set_index("step")

    assert list(report.index) == ["exact", "case", "hyphen", "missing", "all"]
    assert report["types"].tolist() == [3, 3, 0, 0, 6]
    assert report["tokens"].tolist() == [63, 17, 0, 0, 80]
    assert report.loc["exact", "type_share"] == pytest.approx(0.5)
    assert report.loc["case", "token_share"] == pytest.approx(17 / 80)
    assert report.loc["exact", "examples"] == "le chat dort"
    assert report.loc["case", "examples"] == r"élie>Élie héna>Héna a\tb>A\tb"


def test_misses_come_by_frequency() -> None:
    misses = build_embeddings(TOKENS, COUNTS, Table(), seed=1, fallbacks=()).coverage.misses

    assert misses.values.tolist() == [["élie", 10, 0.125], ["héna", 6, 0.075], ["a\tb", 1, 0.0125]]


def test_tables_are_written_as_plain_lines(tmp_path: Path) -> None:
    covered = build_embeddings(TOKENS, COUNTS, Table(), seed=1, fallbacks=()).coverage

    write_coverage(covered, tmp_path / "report.tsv", tmp_path / "misses.tsv")

    assert (tmp_path / "report.tsv").read_text(encoding="utf-8") == (
        "step\ttypes\ttype_share\ttokens\ttoken_share\texamples\n"
        "exact\t3\t0.500000\t63\t0.787500\tle chat dort\n"
        "missing\t3\t0.500000\t17\t0.212500\télie héna a\\tb\n"
        "all\t6\t1.000000\t80\t1.000000\t\n"
    )
    assert (tmp_path / "misses.tsv").read_text(encoding="utf-8") == (
        "token\tcount\ttoken_share\nélie\t10\t0.125000\nhéna\t6\t0.075000\na\\tb\t1\t0.012500\n"
    )


def test_an_empty_vocabulary_has_only_specials() -> None:
    embedding = build_embeddings(list(SPECIALS), [0] * 4, Table(), seed=1)

    assert embedding.matrix.shape == (4, DIM)
    assert embedding.factor == 1
    assert embedding.coverage.report["types"].sum() == 0


def test_a_vector_that_is_not_finite_is_named() -> None:
    class Damaged(Table):
        @staticmethod
        def row(word: str) -> Matrix:
            return np.full(DIM, np.nan if word == "chat" else 1, np.float32)

    with pytest.raises(InputError, match="the vector of 'chat' holds NaN or infinity"):
        build_embeddings(TOKENS, COUNTS, Damaged(), seed=1)


TABLE = {"le": [1.0, 2.0], "Élie": [3.0, 4.0], "l": [5.0, 6.0], "est": [0.0, 2.0], "il": [4.0, 0.0]}


class TableResolution:
    """Vectors out of a dictionary; every lookup is noted."""

    dim = 2
    size = len(TABLE)

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        self.asked.append(list(words))
        rows = [TABLE[word] for word in words if word in TABLE]
        found = np.array([word in TABLE for word in words], np.bool_)
        return np.array(rows, np.float32).reshape(-1, 2), found


class ComposingTable(TableResolution):
    """A table that composes all words that begin with a small letter."""

    def compose(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        found = np.array([word[:1].islower() for word in words], np.bool_)
        return np.full((int(found.sum()), 2), -1, np.float32), found


def test_an_exact_vector_comes_before_any_other() -> None:
    found = resolve(["le", "Élie"], TableResolution(), ["case", "elision"])

    assert found.steps == ("exact", "exact")
    assert found.spellings == ("le", "Élie")
    assert found.matrix.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("word", "fallbacks", "step", "spelling", "vector"),
    [
        ("élie", ["case"], "case", "Élie", [3, 4]),
        ("élie", ["accents"], "missing", "", [0, 0]),
        ("l'", ["elision"], "elision", "le", [1, 2]),
        ("l'", ["case", "hyphen", "elision"], "elision", "le", [1, 2]),
        ("est-il", ["hyphen"], "hyphen", "est il", [2, 1]),
        ("est-elle", ["hyphen"], "missing", "", [0, 0]),
        ("héna", [], "missing", "", [0, 0]),
        ("héna", ["subwords"], "missing", "", [0, 0]),
    ],
)
def test_the_first_fallback_with_a_vector_counts(
    word: str, fallbacks: list[str], step: str, spelling: str, vector: list[float]
) -> None:
    found = resolve(["le", word], TableResolution(), fallbacks)

    assert (found.steps[1], found.spellings[1]) == (step, spelling)
    assert found.matrix[1].tolist() == vector


@pytest.mark.parametrize(
    ("fallbacks", "steps"),
    [
        (["case", "subwords"], ("case", "subwords", "missing")),
        (["subwords", "case"], ("subwords", "subwords", "missing")),
        (["subwords"], ("subwords", "subwords", "missing")),
        (["case"], ("case", "missing", "missing")),
    ],
)
def test_subwords_take_their_turn(fallbacks: list[str], steps: tuple[str, ...]) -> None:
    found = resolve(["élie", "héna", "?"], ComposingTable(), fallbacks)

    assert found.steps == steps
    assert found.matrix[1].tolist() == ([-1, -1] if "subwords" in fallbacks else [0, 0])


def test_the_table_is_asked_twice_however_many_fallbacks_there_are() -> None:
    table = TableResolution()
    resolve(["héna", "ivva", "l'"], table, ["case", "apostrophe", "elision", "hyphen", "accents"])

    assert len(table.asked) == 2
    assert len(set(table.asked[1])) == len(table.asked[1])


def test_no_words_have_no_vectors() -> None:
    assert resolve([], TableResolution(), ["case"]).matrix.shape == (0, 2)


def test_an_unknown_fallback_is_refused() -> None:
    with pytest.raises(InputError, match="unknown fall-back 'stem'"):
        resolve(["le"], TableResolution(), ["stem"])
