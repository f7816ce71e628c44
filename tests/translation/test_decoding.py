"""Tests of beam search and its rules."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.translation.toys import (
    FLAGS,
    LESSON,
    VARIANTS,
    decoding_settings,
    model_settings,
    settings,
    translator,
)
from wordbridge.corpus.special_tokens import BOS, EOS, PAD
from wordbridge.translation import decoding
from wordbridge.translation.decoding import (
    DecodingSettings,
    Hypothesis,
    block_repeats,
    length_normalized,
    mask_special_tokens,
    translate_ids,
)
from wordbridge.translation.translator import Translator

SENTENCES = [np.array([*ids, EOS]) for ids in ([5, 6], [], [9, 4, 7, 8], [10], [16, 16, 16])]


def same(first: Hypothesis, second: Hypothesis) -> None:
    assert first.ids.tolist() == second.ids.tolist()
    assert first.log_probability == pytest.approx(second.log_probability, abs=1e-5)
    assert (first.attention is None) is (second.attention is None)
    if first.attention is not None:
        np.testing.assert_allclose(first.attention, second.attention, atol=1e-5)


@pytest.mark.parametrize("beam", [1, 3])
@pytest.mark.parametrize("name", VARIANTS | FLAGS)
def test_order_is_restored_and_company_changes_nothing(name: str, beam: int) -> None:
    model = translator(settings((VARIANTS | FLAGS)[name]))
    options = decoding_settings(beam=beam, max_steps=7, length_penalty=0.6, batch_size=2)
    together = translate_ids(model, SENTENCES, options)
    assert len(together) == len(SENTENCES)
    for sentence, hypothesis in zip(SENTENCES, together, strict=True):
        same(translate_ids(model, [sentence], options)[0], hypothesis)


def test_long_texts_are_batches_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes, search = [], decoding.beam_search
    monkeypatch.setattr(decoding, "LONG", 3)
    monkeypatch.setattr(
        decoding,
        "beam_search",
        lambda m, ids, *rest: sizes.append(ids.shape) or search(m, ids, *rest),
    )
    model, options = translator(settings({})), decoding_settings(beam=1, max_steps=3, batch_size=2)
    assert len(translate_ids(model, SENTENCES, options)) == len(SENTENCES)
    assert sizes == [(5, 1), (4, 1), (3, 2), (1, 1)]
    assert translate_ids(model, [], options) == []


@examples(derandomize=True, max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    name=st.sampled_from(sorted(VARIANTS | FLAGS)),
    ngrams=st.integers(0, 3),
    lesson=st.booleans(),
)
def test_a_beam_of_one_is_greedy(seed: int, name: str, ngrams: int, lesson: bool) -> None:
    model = translator(settings((VARIANTS | FLAGS)[name], **(LESSON if lesson else {})), seed)
    # One by one, because in the lesson padding changes the results.
    options = decoding_settings(max_steps=6, no_repeat_ngram_size=ngrams, batch_size=1)
    for sentence, hypothesis in zip(
        SENTENCES, translate_ids(model, SENTENCES, options), strict=True
    ):
        ids, score = greedy(model, sentence, options)
        assert hypothesis.ids.tolist() == [word for word in ids if word != EOS]
        assert hypothesis.log_probability == pytest.approx(score, abs=1e-5)


@torch.no_grad()
def greedy(
    model: Translator, sentence: np.ndarray, options: DecodingSettings
) -> tuple[list[int], float]:
    """Return the best word after the best word, and their log-probability."""
    source, length = torch.from_numpy(sentence).view(-1, 1), torch.tensor([len(sentence)])
    ids, score = list[int](), 0.0
    while len(ids) < options.max_steps and EOS not in ids:
        target = torch.tensor([*ids, PAD]).view(-1, 1)
        outputs = model.forced_outputs(source, length, target)[-1]
        log_probs = model.logits(outputs).log_softmax(dim=1)
        mask_special_tokens(log_probs, model.settings)
        if options.no_repeat_ngram_size and ids:
            block_repeats(log_probs, target[:-1].t(), options.no_repeat_ngram_size)
        best, word = log_probs.max(dim=1)
        ids.append(int(word))
        score += float(best)
    return ids, score


def scored(model: Translator, source: np.ndarray, ids: tuple[int, ...]) -> float:
    """Return the log-probability of a whole target sentence."""
    target = torch.tensor(ids).view(-1, 1)
    with torch.no_grad():
        states = model.forced_outputs(
            torch.from_numpy(source).view(-1, 1), torch.tensor([len(source)]), target
        )
        logs = model.logits(states).log_softmax(dim=2)
    return float(logs.gather(2, target.unsqueeze(2)).sum())


@pytest.mark.parametrize("alpha", [0.0, 0.6, 2.0])
@pytest.mark.parametrize("name", VARIANTS)
def test_a_beam_wide_enough_finds_the_best_of_all_sentences(name: str, alpha: float) -> None:
    model = translator(settings(VARIANTS[name]), target_words=6).eval()
    words = [word for word in range(6) if word not in (BOS, PAD, EOS)]
    ended = [(*ids, EOS) for count in range(4) for ids in itertools.product(words, repeat=count)]
    for sentence in SENTENCES[:3]:
        values = {
            ids: length_normalized(scored(model, sentence, ids), len(ids), alpha) for ids in ended
        }
        best = max(values, key=values.__getitem__)
        options = decoding_settings(beam=90, max_steps=4, length_penalty=alpha)
        (hypothesis,) = translate_ids(model, [sentence], options)
        assert (*hypothesis.ids.tolist(), EOS) == best
        value = length_normalized(hypothesis.log_probability, len(best), alpha)
        assert value == pytest.approx(values[best], abs=1e-5)
        (greedy,) = translate_ids(model, [sentence], decoding_settings(max_steps=4))
        if alpha == 0.0 and len(greedy.ids) < 4:  # it came to an end
            assert hypothesis.log_probability >= greedy.log_probability - 1e-6


def test_the_length_penalty_divides_as_wu_et_al_do() -> None:
    assert length_normalized(-6.0, 7, 0.0) == -6.0
    assert length_normalized(-6.0, 7, 1.0) == pytest.approx(-3.0)


def test_a_length_penalty_makes_translations_longer() -> None:
    model = translator(settings({}, output_weights="random"))
    model.decoder.output.weight.data.zero_()  # at every step the same: one word, or the end
    model.decoder.output.bias.data.fill_(-9.0)
    model.decoder.output.bias.data[[4, EOS]] = torch.tensor([0.95, 0.04]).log()
    lengths = [
        len(translate_ids(model, SENTENCES[:1], options)[0].ids)
        for options in (
            decoding_settings(beam=12, max_steps=10, length_penalty=alpha) for alpha in (0.0, 2.0)
        )
    ]
    assert lengths == [0, 9]


@pytest.mark.parametrize("beam", [1, 4])
def test_a_translation_may_be_as_long_as_is_allowed_and_need_not_end(beam: int) -> None:
    model = translator(settings(VARIANTS["attention"]))
    model.decoder.output.bias.data[EOS] = -1e4
    for hypothesis, sentence in zip(
        translate_ids(model, SENTENCES, decoding_settings(beam=beam, max_steps=40)),
        SENTENCES,
        strict=True,
    ):
        assert len(hypothesis.ids) == 40
        assert hypothesis.attention is not None
        assert hypothesis.attention.shape == (40, len(sentence))


@pytest.mark.parametrize("beam", [1, 4])
def test_attention_has_a_row_for_each_word_and_the_end(beam: int) -> None:
    model = translator(settings(VARIANTS["all"]))
    for hypothesis, sentence in zip(
        translate_ids(model, SENTENCES, decoding_settings(beam=beam, max_steps=60)),
        SENTENCES,
        strict=True,
    ):
        assert hypothesis.attention is not None
        assert hypothesis.attention.shape[1] == len(sentence)
        assert len(hypothesis.attention) - len(hypothesis.ids) in (0, 1)
        np.testing.assert_allclose(hypothesis.attention.sum(axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("beam", [1, 3])
def test_blocked_ngrams_do_not_come_twice(beam: int) -> None:
    model = translator(settings({}))
    model.decoder.output.bias.data[EOS] = -1e4
    options = decoding_settings(beam=beam, max_steps=25, no_repeat_ngram_size=2)
    for hypothesis in translate_ids(model, SENTENCES, options):
        pairs = list(itertools.pairwise(hypothesis.ids.tolist()))
        assert len(pairs) == len(set(pairs)) == 24


def test_nothing_to_translate_gives_nothing() -> None:
    assert translate_ids(translator(settings({})), [], decoding_settings()) == []


@pytest.mark.parametrize(
    ("size", "words", "banned"),
    [
        (1, [4, 5], {4, 5}),
        (2, [4, 5, 4], {5}),
        (2, [4, 4], {4}),
        (2, [4], set()),
        (3, [4, 5, 6, 4, 5], {6}),
        (3, [4, 5], set()),
        (3, [4, 5, 6, 7, 4, 5, 8, 4, 5], {6, 8}),
    ],
)
def test_an_ngram_may_not_come_twice(size: int, words: list[int], banned: set[int]) -> None:
    logs = torch.zeros(2, 9)
    other = list(range(len(words)))  # no word twice
    block_repeats(logs, torch.tensor([words, other]), size)
    assert set(logs[0].isinf().nonzero().flatten().tolist()) == banned
    assert size == 1 or not logs[1].isinf().any()


def test_special_tokens_are_masked_for_a_model_that_ends_its_sentences() -> None:
    logs = torch.zeros(1, 6)
    mask_special_tokens(logs, model_settings(stop_at_eos=False))
    assert not logs.isinf().any()
    mask_special_tokens(logs, model_settings())
    assert logs.isinf().tolist() == [[True, True, False, False, False, False]]
