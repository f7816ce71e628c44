"""Which vector each noun gets, what each option covers, and which spelling of a word counts."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import fasttext
import numpy as np
import pytest

from wordbridge.arrays import save_matrix
from wordbridge.errors import InputError
from wordbridge.nouns.embedding import embed_nouns, find_spellings, lemma_parts, write_noun_coverage
from wordbridge.nouns.matrix import NounRow, read_noun_vectors, write_noun_rows
from wordbridge.nouns.table import Noun
from wordbridge.report.images import noun_coverage_table
from wordbridge.vectors.fasttext import FastTextBin
from wordbridge.vectors.protocol import Mask, Matrix
from wordbridge.vectors.readers import NpyVectors, TextVectors


class Table:
    """Vectors of three numbers, the words in the order of the mapping."""

    dim = 3

    def __init__(self, vectors: Mapping[str, Sequence[float]]) -> None:
        self._vectors = vectors
        self.size = len(vectors)

    def words(self) -> Iterator[str]:
        yield from self._vectors

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        rows = [self._vectors[word] for word in words if word in self._vectors]
        mask = np.array([word in self._vectors for word in words], np.bool_)
        return np.array(rows, np.float32).reshape(-1, 3), mask


NOUNS = [
    Noun("n00000001", ("turkey",), (), None, ""),
    Noun("n00000002", ("great_white_shark", "sharkey"), (), 1, ""),
    Noun("n00000003", ("Tinca_tinca", "TENCH"), (), 0, ""),
    Noun("n00000004", ("naught",), (), 2, ""),
    Noun("n00000005", ("carpenter's_kit",), (), None, ""),
    Noun("n00000006", ("joker",), (), None, ""),
]
VECTORS = Table(
    {
        "Turkey": (1, 0, 0),
        "turkey": (2, 0, 0),
        "great": (0, 3, 0),
        "White": (0, 0, 3),
        "shark": (3, 0, 0),
        "sharkey": (0, 9, 9),
        "tench": (4, 4, 0),
        "naught": (0, 0, 0),
        "carpenter": (0, 2, 0),
        "kit": (2, 0, 4),
        "joker": (2, 0, 0),
    }
)


DEFAULTS = {"lemmas": "all", "multiword": "mean", "lower_case": True, "frequent_words": 0}


def coverage_of(**options: object) -> list[dict[str, object]]:
    return embed_nouns(NOUNS, VECTORS, DEFAULTS | options)[2]


def _vectors_of(**options: object) -> dict[str, tuple[str, list[float]]]:
    rows, matrix, _ = embed_nouns(NOUNS, VECTORS, DEFAULTS | options)
    pairs = zip(rows, matrix.tolist(), strict=True)
    return {row.synset[-1]: (f"{row.lemma}: {row.how}", vector) for row, vector in pairs}


def test_a_lemma_without_vector_gets_the_mean_of_its_parts() -> None:
    assert _vectors_of() == {
        "1": ("turkey: first exact", [1, 0, 0]),
        "2": ("great_white_shark: first parts", [1, 1, 1]),
        "3": ("TENCH: other exact", [4, 4, 0]),
        "5": ("carpenter's_kit: first parts", [1, 1, 2]),
        "6": ("joker: first exact", [2, 0, 0]),
    }


def test_the_lesson_uses_first_lemmas_of_a_single_word() -> None:
    vectors = _vectors_of(lemmas="first", multiword="skip", frequent_words=1_000_000)

    assert vectors == {
        "1": ("turkey: first exact", [1, 0, 0]),
        "6": ("joker: first exact", [2, 0, 0]),
    }


def test_other_lemmas_are_used_where_parts_do_not_count() -> None:
    assert _vectors_of(multiword="skip")["2"] == ("sharkey: other exact", [0, 9, 9])


def test_case_counts_without_lower_case() -> None:
    vectors = _vectors_of(lower_case=False)

    assert vectors["1"] == ("turkey: first exact", [2, 0, 0])
    assert vectors["2"] == ("sharkey: other exact", [0, 9, 9])
    assert "3" not in vectors


def test_rare_words_of_the_table_can_be_left_out() -> None:
    assert set(_vectors_of(frequent_words=5)) == {"1", "2"}


def test_each_option_is_counted_and_the_used_one_marked(tmp_path: Path) -> None:
    write_noun_coverage(tmp_path / "coverage.tsv", coverage_of())

    coverage = noun_coverage_table(tmp_path / "coverage.tsv")
    table = coverage.frame

    assert list(table.columns) == list(coverage.columns)
    assert len(table) == 8
    assert table["used"].tolist() == [""] * 7 + ["yes"]
    lesson = table.query("lemmas == 'first' and multiword == 'skip' and case == 'most frequent'")
    assert lesson[["nouns", "vectors", "classes"]].to_numpy().tolist() == [[2, 2, 0]]
    used = table.iloc[-1]
    assert used[["nouns", "vectors", "classes", "class_vectors"]].tolist() == [5, 5, 2, 2]
    assert used[["own", "parts", "other"]].tolist() == [3, 2, 1]
    assert used["noun_share"] == pytest.approx(5 / 6, abs=1e-6)
    assert used["class_share"] == pytest.approx(2 / 3, abs=1e-6)


def test_equal_vectors_of_different_words_count_once() -> None:
    coverage = coverage_of(lower_case=False)

    assert coverage[0]["nouns"] == 2
    assert coverage[0]["vectors"] == 1


def test_no_vector_at_all_is_an_error() -> None:
    with pytest.raises(InputError, match="none of the 6 nouns have a word vector"):
        embed_nouns(NOUNS, Table({"chat": (1, 2, 3)}), DEFAULTS)


@pytest.mark.parametrize(("others", "warning"), [(8, ""), (9, "warning: 1 of the 11 nouns have")])
def test_vectors_of_few_nouns_are_a_warning(
    others: int, warning: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["shark", *(f"word{number}" for number in range(others + 1))]
    nouns = [Noun(f"n{number:08}", (name,), (), None, "") for number, name in enumerate(names)]
    vectors = Table({"shark": (1, 2, 3)})
    embed_nouns(nouns, vectors, DEFAULTS)

    assert capsys.readouterr().err[: len(warning) or None] == warning


@pytest.mark.parametrize(
    ("lemma", "parts"),
    [
        ("great_white_shark", ("great", "white", "shark")),
        ("man-eater", ("man", "eater")),
        ("carpenter's_kit", ("carpenter", "kit")),
        ("seamen's_-_'", ("seamen",)),
        ("jack-o'-lantern", ("jack", "o", "lantern")),
    ],
)
def test_parts_are_the_words_of_a_lemma(lemma: str, parts: tuple[str, ...]) -> None:
    assert lemma_parts(lemma) == parts


def test_rows_and_matrix_are_read_together(tmp_path: Path) -> None:
    rows = [
        NounRow("n00000003", "TENCH", "other exact", 0),
        NounRow("n00000001", "turkey", "first exact", None),
    ]
    matrix = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
    write_noun_rows(tmp_path / "vectors.tsv", rows)
    save_matrix(matrix, tmp_path / "vectors.npy")

    read_rows, vectors = read_noun_vectors(tmp_path / "vectors.npy", tmp_path / "vectors.tsv")

    assert read_rows == rows
    assert vectors.tolist() == matrix.tolist()
    save_matrix(matrix[:1], tmp_path / "vectors.npy")
    with pytest.raises(InputError, match="expected 2 words, got 1"):
        read_noun_vectors(tmp_path / "vectors.npy", tmp_path / "vectors.tsv")


COLUMNS_OF_ROWS = "synset\tlemma\thow\tclass\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected the columns synset, lemma, how, class, got ''"),
        ("synset\tlemma\n", "got 'synset, lemma'"),
        (f"{COLUMNS_OF_ROWS}n1\ta\n", "line 2: expected 4 columns, got 2"),
        (
            f"{COLUMNS_OF_ROWS}n1\ta\tb\t\nn1\ta\tb\tc\n",
            "line 3: .* a number or nothing in the column class, got 'c'",
        ),
    ],
)
def test_a_table_of_rows_of_another_format_is_named(
    text: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "vectors.tsv").write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match=message):
        read_noun_vectors(tmp_path / "none.npy", tmp_path / "vectors.tsv")


WORDS = ["Turkey", "été", "TURKEY", "turkey", "New-York", "shark"]


class Unlisted:
    """Vectors of one number that cannot list their words."""

    dim = 1

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        mask = np.array([word in WORDS for word in words], np.bool_)
        return np.ones((int(mask.sum()), 1), np.float32), mask


@pytest.fixture(params=["text", "headed", "npy"])
def listed(request: pytest.FixtureRequest, tmp_path: Path) -> TextVectors | NpyVectors:
    if request.param == "npy":
        np.save(tmp_path / "matrix.npy", np.ones((6, 2), np.float32))
        (tmp_path / "words").write_text("\n".join(WORDS), encoding="utf-8")
        return NpyVectors(tmp_path / "matrix.npy", tmp_path / "words")
    head = "6 2\n" if request.param == "headed" else ""
    lines = "".join(f"{word} 1.5 2.5\n" for word in WORDS)
    (tmp_path / "words.vec").write_text(head + lines, encoding="utf-8")
    return TextVectors(tmp_path / "words.vec")


def test_the_most_frequent_spelling_counts(listed: TextVectors | NpyVectors) -> None:
    exact, spellings = find_spellings(["turkey", "NEW-YORK", "Été", "cat"], listed)

    assert list(listed.words()) == WORDS
    assert exact == {"turkey"}
    assert spellings == {"turkey": "Turkey", "new-york": "New-York", "été": "été"}


def test_rare_words_are_left_out(listed: TextVectors | NpyVectors) -> None:
    exact, spellings = find_spellings(["turkey", "shark"], listed, frequent_words=4)

    assert exact == {"turkey"}
    assert spellings == {"turkey": "Turkey"}


def test_in_a_table_without_a_list_common_spellings_are_looked_up() -> None:
    exact, spellings = find_spellings(["turkey", "new-york", "Été", "cat"], Unlisted())

    assert exact == {"turkey"}
    assert spellings == {"turkey": "turkey", "new-york": "New-York", "été": "été"}


def test_a_model_lists_its_words_by_frequency(tmp_path: Path) -> None:
    text, path = tmp_path / "text.txt", tmp_path / "model.bin"
    text.write_text("chat chien chat loup chat chien\n" * 9, encoding="utf-8")
    fasttext.train_unsupervised(
        str(text), model="skipgram", dim=3, epoch=1, thread=1, minCount=1, bucket=11, verbose=0
    ).save_model(str(path))
    model = FastTextBin(path)

    words = list(model.words())

    assert words == fasttext.load_model(str(path)).get_words()
    assert words[0] == "chat"
    assert find_spellings(["CHIEN"], model)[1] == {"chien": "chien"}
