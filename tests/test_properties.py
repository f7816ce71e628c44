"""Properties of any input, across modules.

Properties of single modules are in their tests: token lists, vocabularies and pairs come back from
their files (corpus/test_pairs.py, test_vocabulary.py), an epoch is a function of its seed
(test_batches.py), a beam of one is greedy (translation/test_decoding.py).
"""

import tempfile
import zipfile
from contextlib import suppress
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from snakemake.exceptions import WorkflowError

from tests.inputs.files import fasttext_model, fasttext_vector, tarred
from tests.settings import defaults
from tests.translation.toys import FLAGS, VARIANTS, decoding_settings, parallel, translator
from tests.translation.toys import settings as variant
from wordbridge.corpus.batches import sortish_batches
from wordbridge.corpus.detokenizer import detokenize
from wordbridge.corpus.pairs import TokenizedPair
from wordbridge.corpus.special_tokens import EOS
from wordbridge.corpus.splits import split_pairs
from wordbridge.corpus.tokenizer import tokenize
from wordbridge.errors import InputError
from wordbridge.images.packages import members
from wordbridge.report.corpus import leakage_table
from wordbridge.sources.archives import escapes_archive, extract_member
from wordbridge.startup import YAML
from wordbridge.translation.decoding import translate_ids
from wordbridge.translation.translator import Translator
from wordbridge.vectors.fasttext import FastTextBin
from workflow.config import SCHEMA, load, read_schema
from workflow.config_errors import schema_keys

ROOT = Path(__file__).resolve().parents[1]


def quick(examples: int) -> settings:
    """Return settings under which every run tries the same examples."""
    return settings(derandomize=True, max_examples=examples, deadline=None, database=None)


# ---- Text ---------------------------------------------------------------------------------------

FRENCH = [
    "Où",
    "est-il",
    "l'eau",
    "PARIS",
    "Jean",
    "aujourd'hui",
    "ouiiiii",
    "qu'un",
    "naïve",
    "42",
]
ENGLISH = [
    "Who",
    "isn't",
    "NASA",
    "the",
    "soooooo",
    "John's",
    "cannot",
    "well-known",
    "1999",
    "I'll",
]


def lowered(word: str) -> str:
    """Return a word after detokenization: only words in capitals keep their capitals."""
    return word if word.isupper() and len(word) > 2 else word.lower()


@pytest.mark.parametrize(("language", "vocabulary"), [("fr", FRENCH), ("en", ENGLISH)])
@quick(60)
@given(data=st.data())
def test_detokenization_inverts_tokenization(language: str, vocabulary: list[str], data: Any):
    words = data.draw(st.lists(st.sampled_from(vocabulary), min_size=1, max_size=6))
    sign = data.draw(st.sampled_from(["", "?", "!", "."]))
    assume(all(one != other for one, other in pairwise(words)))
    (tokens,) = tokenize([" ".join(words) + sign], language, defaults("tokens.rules"))
    assert detokenize(tokens, language) == " ".join(map(lowered, words)) + sign


CORPUS = st.lists(
    st.tuples(*[st.integers(0, 50)] * 3, st.sampled_from(["?", " ?", "!"])),
    min_size=30,
    max_size=70,
)


@quick(40)
@given(CORPUS, st.integers(0, 5), st.sampled_from([(0.1, 0.1), (0.3, 0.2)]))
def test_no_pair_of_any_corpus_leaks(
    corpus: list[tuple[int, int, int, str]], seed: int, shares: tuple[float, float]
):
    pairs = [
        TokenizedPair(str(row), f"g{group}", f"Qui {fr}{sign}", f"Who {en}{sign}", "", "", [], [])
        for row, (group, fr, en, sign) in enumerate(corpus)
    ]
    fractions = {"method": "grouped", "seed": seed, "valid": shares[0], "test": shares[1]}
    try:
        split = split_pairs(pairs, fractions)
    except InputError:
        return  # so much in common that a split stays empty
    assert [pair._replace(split="") for pair in split] == pairs
    table = leakage_table(split).frame
    assert table.drop(columns=["split", "other", "pairs"]).to_numpy().sum() == 0


TEXTS = st.lists(st.lists(st.integers(4, 9), max_size=5), min_size=1, max_size=30)


@quick(40)
@given(TEXTS, st.integers(1, 8), st.integers(0, 4), st.integers(0, 3))
def test_an_epoch_has_every_pair_once_and_unchanged(
    texts: list[list[int]], size: int, seed: int, epoch: int
):
    data = parallel(texts, [ids[::-1] for ids in texts])
    indices = []
    for chosen in sortish_batches(data.target_lengths, size, seed, epoch):
        batch = data.batch(chosen)
        indices += chosen.tolist()
        for column, index in enumerate(chosen.tolist()):
            source = batch.source[: int(batch.source_lengths[column]), column].tolist()
            target = batch.target[: data.target_lengths[index], column].tolist()
            assert source == [*texts[index], EOS]
            assert target == [*texts[index][::-1], EOS]
    assert sorted(indices) == list(range(len(texts)))


# ---- Search for translations --------------------------------------------------------------------


def steps(model: Translator, source: NDArray[np.int64], ids: list[int]) -> list[float]:
    """Return the log-probability of each id given those before it."""
    target = torch.tensor(ids).view(-1, 1)
    with torch.no_grad():
        inputs = torch.from_numpy(source).view(-1, 1), torch.tensor([len(source)])
        logs = model.logits(model.forced_outputs(*inputs, target)).log_softmax(dim=2)
    return [float(value) for value in logs.gather(2, target.unsqueeze(2)).flatten()]


@quick(25)
@given(
    seed=st.integers(0, 999),
    name=st.sampled_from(sorted(VARIANTS | FLAGS)),
    beam=st.integers(1, 5),
    source=st.lists(st.integers(4, 16), max_size=5),
)
def test_a_hypothesis_has_the_score_of_all_its_steps(
    seed: int, name: str, beam: int, source: list[int]
):
    model = translator(variant((VARIANTS | FLAGS)[name]), seed).eval()
    text = np.array([*source, EOS])
    (hypothesis,) = translate_ids(model, [text], decoding_settings(beam=beam, max_steps=6))
    ids = hypothesis.ids.tolist()
    log_probabilities = steps(model, text, ids if len(ids) == 6 else [*ids, EOS])
    prefixes = list(accumulate(log_probabilities, initial=0.0))
    assert hypothesis.log_probability == pytest.approx(prefixes[-1], abs=1e-4)
    assert all(later <= earlier for earlier, later in pairwise(prefixes))


# ---- Files --------------------------------------------------------------------------------------


def fnv(ngram: bytes) -> int:
    """Return fastText's hash, which treats bytes as signed."""
    hashed = 2166136261
    for byte in ngram:
        hashed = ((hashed ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619) & 0xFFFFFFFF
    return hashed


def rows_of(word: str, vocabulary: list[str], lengths: tuple[int, int], buckets: int) -> list[int]:
    """Return the rows whose mean is a word's vector, as in the paper."""
    rows = [vocabulary.index(word)] if word in vocabulary else []
    marked = f"<{word}>"
    for start in range(len(marked)):
        for length in range(max(lengths[0], 1), lengths[1] + 1):
            ngram = marked[start : start + length]
            is_end = length == 1 and start in (0, len(marked) - 1)
            if len(ngram) == length and not is_end and buckets:
                rows.append(len(vocabulary) + fnv(ngram.encode()) % buckets)
    return rows


WORD = st.text("ab<é日𝒳", min_size=1, max_size=5)


@quick(80)
@given(
    vocabulary=st.lists(WORD, max_size=6, unique=True),
    others=st.lists(WORD, max_size=4),
    buckets=st.integers(0, 7),
    lengths=st.tuples(st.integers(0, 3), st.integers(0, 4)),
    dim=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_vectors_of_any_model_equal_their_definition(
    vocabulary: list[str],
    others: list[str],
    buckets: int,
    lengths: tuple[int, int],
    dim: int,
    seed: int,
):
    matrix = np.random.default_rng(seed).standard_normal(
        (len(vocabulary) + buckets, dim), np.float32
    )
    content = fasttext_model(
        [word.encode() for word in vocabulary], matrix, buckets=buckets, lengths=lengths
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.bin")
        path.write_bytes(content)
        vectors = FastTextBin(path)
        for word in [*vocabulary, *others]:
            rows = rows_of(word, vocabulary, lengths, buckets)
            expected = matrix[rows].mean(axis=0) if rows else np.zeros(dim)
            np.testing.assert_allclose(fasttext_vector(vectors, word), expected, atol=1e-5)
        assert list(vectors.words()) == vocabulary


NAME = st.lists(st.sampled_from([*"a.-/\\:\0 é", "..", "../", "C:"]), max_size=6).map("".join)


@quick(80)
@given(name=NAME, packed=st.sampled_from(["zip", "tar"]))
def test_a_member_of_any_name_stays_inside(name: str, packed: str):
    with tempfile.TemporaryDirectory() as folder:
        archive, inside = Path(folder, "archive"), Path(folder, "inside")
        inside.mkdir()
        if packed == "zip":
            with zipfile.ZipFile(archive, "w") as file:
                file.writestr(zipfile.ZipInfo(name), b"x")
        else:
            assume("\0" not in name)
            archive.write_bytes(tarred({name: b"x"}))
        try:
            extract_member(archive, name, inside / "member")
        except InputError:
            assert list(inside.iterdir()) == []
        else:
            assert not escapes_archive(name)
            assert (inside / "member").read_bytes() == b"x"
        with suppress(InputError):
            items = members(archive, lambda _: True)
            assert not any(escapes_archive(path) for path, data in items if isinstance(data, bytes))
        assert sorted(path.name for path in Path(folder).iterdir()) == ["archive", "inside"]


# ---- Configuration ------------------------------------------------------------------------------


def read(path: Path) -> dict[str, Any]:
    config: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), YAML)
    return config


PATHS = sorted({path for path, _ in schema_keys(read_schema(SCHEMA), read_schema(SCHEMA))})
PLAIN = st.none() | st.booleans() | st.integers(-3, 300) | st.floats() | st.text(max_size=4)
ANY = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
)


@settings(quick(30), suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(PATHS), value=ANY)
def test_any_value_of_any_key_is_accepted_or_reported(path: str, value: Any):
    config = read(ROOT / "tests/mini/config.yaml")
    *parents, name = path.replace("*", "mini").split(".")
    block = config
    for parent in parents:
        if not isinstance(block.get(parent), dict):
            block[parent] = {}
        block = block[parent]
    block[name] = value
    try:
        loaded = load(config, SCHEMA)
    except WorkflowError as error:
        lines = str(error).split("\n")
    else:
        lines = []
        assert load(loaded, SCHEMA) == loaded
    assert all(": " in line or line.endswith("more problems") for line in lines)
