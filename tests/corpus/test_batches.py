import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wordbridge.corpus.batches import pad, read_parallel, sorted_batches, sortish_batches
from wordbridge.corpus.ids import AuxiliarySampler, pack, write_ids
from wordbridge.errors import InputError

quick = settings(derandomize=True, max_examples=60, deadline=None, database=None)
lengths_of_texts = st.lists(st.integers(1, 30), max_size=250)
FR = [[5, 2], [6, 7, 8, 2], [9, 10, 2], [11, 2], [2]]
EN = [[4, 4, 4, 2], [5, 5, 2], [6, 2], [7, 7, 7, 7, 2], [8, 2]]
SPLITS = ["train", "train", "valid", "train", "test"]


@quick
@given(lengths_of_texts, st.integers(1, 7), st.integers(0, 5), st.integers(0, 3))
def test_an_epoch_has_every_index_once_and_the_longest_text_first(lengths, size, seed, epoch):
    batches = sortish_batches(lengths, size, seed, epoch)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= size for batch in batches)
    assert sum(len(batch) < size for batch in batches) <= 1
    if lengths:
        assert lengths[batches[0][0]] == max(lengths)


@quick
@given(lengths_of_texts, st.integers(1, 7))
def test_the_order_is_a_function_of_seed_and_epoch(lengths, size):
    def order(seed, epoch):
        return [batch.tolist() for batch in sortish_batches(lengths, size, seed, epoch)]

    assert order(3, 1) == order(3, 1)


def test_another_seed_or_epoch_gives_another_order():
    lengths = np.arange(200) % 17
    orders = {
        tuple(i for batch in sortish_batches(lengths, 4, seed, epoch) for i in batch)
        for seed in range(3)
        for epoch in range(4)
    }
    assert len(orders) == 12


def test_the_order_never_changes_between_versions():
    batches = sortish_batches([3, 1, 4, 1, 5, 9, 2, 6], 3, seed=42, epoch=1)
    assert [batch.tolist() for batch in batches] == [[5, 7, 4], [2, 0, 6], [1, 3]]


def test_batches_of_a_chunk_have_texts_of_similar_length():
    lengths = np.random.RandomState(0).randint(1, 40, size=1000)
    spread = [np.ptp(lengths[batch]) for batch in sortish_batches(lengths, 20, 0, 0)]
    assert np.mean(spread) < 2


@quick
@given(lengths_of_texts, st.integers(1, 7))
def test_sorted_batches_fall_in_length_and_keep_the_order_of_equals(lengths, size):
    order = [int(i) for batch in sorted_batches(lengths, size) for i in batch]
    assert order == sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))


def test_padding_is_at_the_end_of_each_column():
    padded = pad([[7, 8, 9], [5]])
    assert padded.tolist() == [[7, 5], [8, 1], [9, 1]]
    assert padded.dtype == torch.int64


@pytest.fixture
def files(tmp_path):
    write_ids(pack(FR, SPLITS), tmp_path / "fr.npz")
    write_ids(pack(EN, SPLITS), tmp_path / "en.npz")
    return tmp_path / "fr.npz", tmp_path / "en.npz"


def test_a_batch_has_the_pairs_at_its_indices(files):
    data = read_parallel(*files, "train")
    assert data.rows.tolist() == [0, 1, 3]
    assert data.target_lengths.tolist() == [4, 3, 5]
    batch = data.batch([2, 1])
    assert batch.source.tolist() == [[11, 6], [2, 7], [1, 8], [1, 2]]
    assert batch.target.tolist() == [[7, 5], [7, 5], [7, 2], [7, 1], [2, 1]]
    assert batch.source_lengths.tolist() == [2, 4]
    assert batch.to("meta").source.device.type == "meta"


def test_the_direction_can_be_reversed(files):
    data = read_parallel(*files, "valid", direction="en-fr")
    assert data.batch([0]).source.tolist() == [[6], [2]]
    assert data.batch([0]).target.tolist() == [[9], [10], [2]]
    assert data.target_lengths.tolist() == [3]


@pytest.fixture
def versions(tmp_path):
    write_ids(pack(FR, SPLITS, ["l", "o", "o", "d", "l"]), tmp_path / "fr.npz")
    write_ids(pack(EN, SPLITS, ["4", "k", "4", "4", "k"]), tmp_path / "en.npz")
    return tmp_path / "fr.npz", tmp_path / "en.npz"


@pytest.mark.parametrize(
    ("direction", "source", "lengths"),
    [
        ("fr-en", [[90, 11, 2, 1, 1], [91, 6, 7, 8, 2]], [3, 5]),
        ("en-fr", [[92, 7, 7, 7, 7, 2], [91, 5, 5, 2, 1, 1]], [6, 4]),
    ],
)
def test_a_source_begins_with_the_tag_of_its_targets_version(versions, direction, source, lengths):
    data = read_parallel(*versions, "train", direction, first_tag=90)
    plain = read_parallel(*versions, "train", direction)
    batch, untagged = data.batch([2, 1]), plain.batch([2, 1])
    assert batch.source.t().tolist() == source
    assert batch.source_lengths.tolist() == lengths
    assert batch.target.tolist() == untagged.target.tolist()
    assert data.target_lengths.tolist() == plain.target_lengths.tolist()


def test_every_split_has_the_same_tags(versions):
    assert read_parallel(*versions, "test", first_tag=90).batch([0]).source.tolist() == [[91], [2]]
    assert read_parallel(*versions, "valid", "en-fr", 80).batch([0]).source[0].tolist() == [81]


def test_a_split_without_pairs_is_an_error(tmp_path):
    write_ids(pack(FR, ["train"] * 5), tmp_path / "all.npz")
    with pytest.raises(InputError, match="expected pairs in the split 'test', got none"):
        read_parallel(tmp_path / "all.npz", tmp_path / "all.npz", "test")


def test_without_auxiliary_text_every_epoch_is_the_train_split():
    plain = AuxiliarySampler(7)
    assert plain.indices(seed=3, epoch=0).tolist() == list(range(7))
    assert plain.steps(batch_size=3, epochs=4) == 12


def test_the_first_epochs_alone_draw_auxiliary_pairs():
    sampler = AuxiliarySampler(train=5, auxiliary=11, drawn=3, epochs=2)
    epochs = [sampler.indices(4, epoch) for epoch in range(3)]
    assert [len(indices) for indices in epochs] == [8, 8, 5]
    assert all(indices[:5].tolist() == list(range(5)) for indices in epochs)
    assert all(5 <= index < 16 for indices in epochs for index in indices[5:])
    assert sampler.steps(batch_size=4, epochs=3) == 2 + 2 + 2


def test_no_pair_is_drawn_again_before_all_are_drawn():
    sampler = AuxiliarySampler(train=2, auxiliary=12, drawn=5, epochs=9)
    drawn = np.concatenate([sampler.indices(1, epoch)[2:] for epoch in range(5)])
    assert sorted(drawn[:12]) == list(range(2, 14))
    assert drawn[12:24].tolist() == drawn[:12].tolist()


def test_the_draw_is_a_function_of_seed_and_epoch():
    sampler = AuxiliarySampler(train=2, auxiliary=50, drawn=6, epochs=3)
    draws = {tuple(sampler.indices(seed, epoch)) for seed in (1, 2) for epoch in (0, 1)}
    assert len(draws) == 4
    assert sampler.indices(1, 1).tolist() == sampler.indices(1, 1).tolist()


def test_pairs_are_drawn_again_where_there_are_too_few():
    assert sorted(AuxiliarySampler(1, 2, 5, 1).indices(0, 0)[1:]) in (
        [1, 1, 1, 2, 2],
        [1, 1, 2, 2, 2],
    )
