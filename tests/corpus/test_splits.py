from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordbridge.corpus.pairs import TokenizedPair
from wordbridge.corpus.splits import grouped_split, leaking_texts, match_key, random_split
from wordbridge.errors import InputError

quick = settings(derandomize=True, max_examples=60, deadline=None, database=None)
FRACTIONS = {"train": 0.7, "valid": 0.2, "test": 0.1}
rows = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60)), min_size=30, max_size=80
)


def texts(table):
    groups = [f"g{group}" for group, _, _ in table]
    return groups, [f"Qui {fr}\u00a0?" for _, fr, _ in table], [f"Who {en}?" for _, _, en in table]


def test_the_lesson_split_equals_the_lessons():
    splits = random_split(50260, seed=42, valid=0.1, test=0.0)
    assert Counter(splits) == {"train": 45219, "valid": 5041}
    valid = [row for row, split in enumerate(splits) if split == "valid"]
    assert valid[:8] == [6, 10, 29, 32, 37, 42, 56, 58]


def test_a_random_test_split_is_drawn_in_addition_to_the_valid_split():
    splits = random_split(10000, seed=42, valid=0.1, test=0.2)
    counts = Counter(splits)
    assert abs(counts["valid"] - 1000) < 100
    assert abs(counts["test"] - 2000) < 120
    without = random_split(10000, seed=42, valid=0.1, test=0.0)
    assert all(one == other for one, other in zip(splits, without, strict=True) if one != "test")


@quick
@given(rows, st.integers(0, 3))
def test_no_two_splits_share_a_group_or_a_similar_sentence(table, seed):
    columns = texts(table)
    try:
        splits = grouped_split(*columns, FRACTIONS, seed)
    except InputError:
        return  # so much in common that a split stays empty
    splits_by_key = defaultdict(set)
    for row, split in enumerate(splits):
        for column in columns:
            splits_by_key[match_key(column[row])].add(split)
    assert all(len(splits) == 1 for splits in splits_by_key.values())


@quick
@given(st.integers(0, 9), st.randoms(use_true_random=False))
def test_the_order_of_the_pairs_does_not_matter(seed, random):
    table = [(number // 2, number, number) for number in range(60)]
    shuffled = random.sample(table, len(table))
    one = dict(zip(table, grouped_split(*texts(table), FRACTIONS, seed), strict=True))
    other = dict(zip(shuffled, grouped_split(*texts(shuffled), FRACTIONS, seed), strict=True))
    assert one == other


def test_splits_have_about_their_share():
    table = [(number // 3, number, number) for number in range(999)]
    counts = Counter(grouped_split(*texts(table), FRACTIONS, seed=5))
    assert counts["test"] == pytest.approx(100, abs=3)
    assert counts["valid"] == pytest.approx(200, abs=3)


def test_match_keys_ignore_case_punctuation_and_spaces_but_not_accents():
    assert match_key("O\u00f9  est-il\u202f?") == match_key("o\u00f9 EST il") == "o\u00f9estil"
    assert match_key("Ou est-il ?") != match_key("O\u00f9 est-il ?")
    assert match_key("e\u0301t\u00e9") == "\u00e9t\u00e9"


def test_a_large_component_goes_to_train():
    table = [(0, number, number) for number in range(60)]
    table += [(number, number, number) for number in range(100, 240)]
    for seed in range(5):
        assert set(grouped_split(*texts(table), FRACTIONS, seed)[:60]) == {"train"}


def test_a_few_new_pairs_move_few_others():
    table = [(number, number, number) for number in range(1000)]
    before = grouped_split(*texts(table[:990]), FRACTIONS, seed=1)
    after = grouped_split(*texts(table), FRACTIONS, seed=1)
    assert sum(one != other for one, other in zip(before, after, strict=False)) <= 6


def test_another_seed_gives_another_split():
    table = [(number, number, number) for number in range(100)]
    assert len({tuple(grouped_split(*texts(table), FRACTIONS, seed)) for seed in range(5)}) == 5


def test_a_split_may_have_no_share():
    table = [(number, number, number) for number in range(20)]
    splits = grouped_split(*texts(table), {"train": 0.8, "valid": 0.2}, seed=0)
    assert Counter(splits) == {"train": 16, "valid": 4}


def test_a_corpus_that_is_too_small_is_an_error():
    table = [(0, number, number) for number in range(9)]
    with pytest.raises(InputError, match="9 pairs are only 1 groups"):
        grouped_split(*texts(table), FRACTIONS, seed=0)
    with pytest.raises(InputError, match="expected pairs for the split 'train'"):
        grouped_split([], [], [], FRACTIONS, seed=0)


def pair(group: str, fr: str, en: str, split: str) -> TokenizedPair:
    return TokenizedPair(group, group, fr, en, "", "", fr.split(), en.split(), split)


PAIRS = [
    pair("1", "où ?", "where ?", "train"),
    pair("2", "qui ?", "who ?", "train"),
    pair("1", "là ?", "there ?", "test"),  # its group
    pair("3", "Qui?", "what ?", "test"),  # its source, up to case and spaces
    pair("4", "quoi ?", "which ?", "test"),
    pair("4", "quoi ?", "Who?", "test"),  # one of its references
    pair("5", "quand ?", "when ?", "test"),
    pair("6", "quand ?", "when ?", "valid"),
]


def test_a_text_leaks_by_its_group_its_source_or_a_reference():
    assert leaking_texts(PAIRS, "test", "fr") == {"là ?", "Qui?", "quoi ?"}
    assert leaking_texts(PAIRS, "test", "en") == {"there ?", "what ?", "Who?"}
    assert leaking_texts(PAIRS, "valid", "fr") == set()
