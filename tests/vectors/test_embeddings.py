"""The first embedding matrix, and the step that gives each word its vector."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from wordbridge.corpus.special_tokens import SPECIALS
from wordbridge.errors import InputError
from wordbridge.vectors.embeddings import Embedding, Scale, build_embeddings, lookup, write_coverage
from wordbridge.vectors.protocol import Mask, Matrix, WordVectors
from wordbridge.vectors.readers import RandomVectors

DIM = 5
TOKENS = [*SPECIALS, "le", "chat", "élie", "héna", "dort", "a\tb"]
COUNTS = [0, 0, 0, 0, 40, 20, 10, 6, 3, 1]


class Table:
    """Random vectors, neither centred nor of unit deviation, of all words but a few."""

    dim = DIM

    def __init__(self, absent: Sequence[str] = ("élie", "héna", "a\tb")) -> None:
        self.absent = absent

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        result = np.array([word not in self.absent for word in words], np.bool_)
        rows = [self.row(word) for word in words if word not in self.absent]
        return np.array(rows, np.float32).reshape(-1, DIM), result

    @property
    def size(self) -> int:
        return 0

    @staticmethod
    def row(word: str) -> Matrix:
        return np.array([len(word) + ord(word[0]) * place % 7 for place in range(DIM)], np.float32)


def build(
    vectors: WordVectors,
    tokens: Sequence[str] = TOKENS,
    counts: Sequence[int] = COUNTS,
    seed: int = 1,
    scale: Scale = "unit",
    fallbacks: Sequence[str] = (),
) -> Embedding:
    counts = counts[: len(tokens)]
    return build_embeddings(tokens, counts, vectors, seed=seed, scale=scale, fallbacks=fallbacks)


def test_vectors_together_get_unit_deviation() -> None:
    embedding = build(Table())

    result = embedding.matrix[[4, 5, 8]]
    assert embedding.matrix.dtype == np.float32
    assert embedding.matrix.shape == (len(TOKENS), DIM)
    assert result.std() == pytest.approx(1, abs=1e-5)
    scales = result[0] / Table.row("le")
    np.testing.assert_allclose(scales, scales[0], rtol=1e-6)


def test_a_number_as_scale_multiplies() -> None:
    embedding = build(Table(), scale=3.0)

    np.testing.assert_allclose(embedding.matrix[5], 3 * Table.row("chat"))


def test_special_tokens_are_random_and_the_padding_is_zero() -> None:
    matrix = build(Table(absent=())).matrix

    assert not matrix[1].any()
    for row, token in ((0, "_bos_"), (2, "_eos_"), (3, "_unk")):
        assert matrix[row].any()
        assert not np.allclose(matrix[row], Table.row(token))


def test_misses_are_standard_normal() -> None:
    words = [f"w{number}" for number in range(3000)]
    tokens = [*SPECIALS, *words]
    matrix = build(RandomVectors(DIM), tokens, [1] * len(tokens), seed=4).matrix[4:]

    assert abs(float(matrix.mean())) < 0.03
    assert float(matrix.std()) == pytest.approx(1, abs=0.03)
    assert len(np.unique(matrix[:, 0])) == len(words)


def test_another_word_changes_no_other_row() -> None:
    first = build(Table(), scale=1.0).matrix
    order = [0, 1, 2, 3, 7, 9, 4, 5, 6, 8]
    tokens, counts = [TOKENS[row] for row in order], [COUNTS[row] for row in order]

    second = build(Table(), [*tokens, "ivva"], [*counts, 1], scale=1.0).matrix

    np.testing.assert_array_equal(first[order], second[:-1])


def test_random_rows_depend_on_the_seed() -> None:
    first, again, other = (build(Table(), seed=seed).matrix for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first[7], other[7])
    np.testing.assert_array_equal(first[4], other[4])


def test_without_any_vectors_all_rows_are_random() -> None:
    table = build(Table()).matrix
    embedding = build(RandomVectors(DIM))

    assert embedding.matrix.shape == (len(TOKENS), DIM)
    assert not embedding.matrix[1].any()
    np.testing.assert_array_equal(embedding.matrix[7], table[7])
    assert list(embedding.misses["token"]) == TOKENS[4:]


def test_vectors_of_no_word_are_an_error() -> None:
    with pytest.raises(InputError, match=r"got 0 of 6, none for le chat .* check the language"):
        build(Table(TOKENS))


@pytest.mark.parametrize(("count", "warns"), [(6, False), (11, True)])
def test_vectors_of_few_words_are_a_warning(
    count: int, warns: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    tokens = [*SPECIALS, *(f"w{number}" for number in range(count))]
    build(Table(tokens[5:]), tokens, [1] * len(tokens))

    assert ("warning: expected vectors" in capsys.readouterr().err) == warns


def test_the_report_counts_types_and_tokens_by_step() -> None:
    table = Table(["héna", "a\tb", "élie"])
    report = build(table, fallbacks=["case", "hyphen"]).report.set_index("step")

    assert list(report.index) == ["exact", "case", "hyphen", "missing", "all"]
    assert report["types"].tolist() == [3, 3, 0, 0, 6]
    assert report["tokens"].tolist() == [63, 17, 0, 0, 80]
    assert report.loc["exact", "type_share"] == pytest.approx(0.5)
    assert report.loc["case", "token_share"] == pytest.approx(17 / 80)
    assert report.loc["exact", "examples"] == "le chat dort"
    assert report.loc["case", "examples"] == r"élie>Élie héna>Héna a\tb>A\tb"


def test_misses_are_sorted_by_frequency() -> None:
    misses = build(Table()).misses

    assert misses.values.tolist() == [["élie", 10, 0.125], ["héna", 6, 0.075], ["a\tb", 1, 0.0125]]


def test_coverage_tables_are_written_as_tsv(tmp_path: Path) -> None:
    covered = build(Table())

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
    embedding = build(Table(), tokens=SPECIALS)

    assert embedding.matrix.shape == (4, DIM)
    assert embedding.report["types"].sum() == 0


TABLE = {"le": [1.0, 2.0], "Élie": [3.0, 4.0], "l": [5.0, 6.0], "est": [0.0, 2.0], "il": [4.0, 0.0]}


class RecordingTable:
    """Vectors of a dictionary that records every lookup."""

    dim = 2
    size = len(TABLE)

    def __init__(self) -> None:
        self.lookups: list[list[str]] = []

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        self.lookups.append(list(words))
        rows = [TABLE[word] for word in words if word in TABLE]
        result = np.array([word in TABLE for word in words], np.bool_)
        return np.array(rows, np.float32).reshape(-1, 2), result


class ComposingTable(RecordingTable):
    """A table that composes all words that begin with a small letter."""

    def compose(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        result = np.array([word[:1].islower() for word in words], np.bool_)
        return np.full((int(result.sum()), 2), -1, np.float32), result


def test_an_exact_spelling_precedes_the_fallbacks() -> None:
    result = lookup(["le", "Élie"], RecordingTable(), ["case", "elision"])

    assert result.steps == ("exact", "exact")
    assert result.spellings == ("le", "Élie")
    assert result.matrix.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("word", "fallbacks", "step", "spelling", "vector"),
    [
        ("élie", ["case"], "case", "Élie", [3, 4]),
        ("élie", ["apostrophe"], "missing", "", [0, 0]),
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
    result = lookup(["le", word], RecordingTable(), fallbacks)

    assert (result.steps[1], result.spellings[1]) == (step, spelling)
    assert result.matrix[1].tolist() == vector


@pytest.mark.parametrize(
    ("fallbacks", "steps"),
    [
        (["case", "subwords"], ("case", "subwords", "missing")),
        (["subwords", "case"], ("subwords", "subwords", "missing")),
        (["subwords"], ("subwords", "subwords", "missing")),
        (["case"], ("case", "missing", "missing")),
    ],
)
def test_subwords_are_tried_in_the_configured_order(
    fallbacks: list[str], steps: tuple[str, ...]
) -> None:
    result = lookup(["élie", "héna", "?"], ComposingTable(), fallbacks)

    assert result.steps == steps
    assert result.matrix[1].tolist() == ([-1, -1] if "subwords" in fallbacks else [0, 0])


def test_two_lookups_serve_any_number_of_fallbacks() -> None:
    table = RecordingTable()
    lookup(["héna", "ivva", "l'"], table, ["case", "apostrophe", "elision", "hyphen"])

    assert len(table.lookups) == 2
    assert len(set(table.lookups[1])) == len(table.lookups[1])


def test_no_words_have_no_vectors() -> None:
    assert lookup([], RecordingTable(), ["case"]).matrix.shape == (0, 2)
