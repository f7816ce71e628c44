import numpy as np

from wordbridge.corpus.curriculum import Curriculum


def test_without_auxiliary_text_every_epoch_is_the_train_part():
    plain = Curriculum(7)
    assert plain.places(seed=3, epoch=0).tolist() == list(range(7))
    assert plain.steps(batch_size=3, epochs=4) == 12


def test_the_first_epochs_draw_auxiliary_pairs_and_the_others_none():
    curriculum = Curriculum(train=5, auxiliary=11, drawn=3, epochs=2)
    places = [curriculum.places(4, epoch) for epoch in range(3)]
    assert [len(one) for one in places] == [8, 8, 5]
    assert all(one[:5].tolist() == list(range(5)) for one in places)
    assert all(5 <= place < 16 for one in places for place in one[5:])
    assert curriculum.steps(batch_size=4, epochs=3) == 2 + 2 + 2


def test_no_pair_is_drawn_again_before_all_have_been():
    curriculum = Curriculum(train=2, auxiliary=12, drawn=5, epochs=9)
    drawn = np.concatenate([curriculum.places(1, epoch)[2:] for epoch in range(5)])
    assert sorted(drawn[:12]) == list(range(2, 14))
    assert drawn[12:24].tolist() == drawn[:12].tolist()


def test_the_draw_is_a_function_of_seed_and_epoch():
    curriculum = Curriculum(train=2, auxiliary=50, drawn=6, epochs=3)
    draws = {tuple(curriculum.places(seed, epoch)) for seed in (1, 2) for epoch in (0, 1)}
    assert len(draws) == 4
    assert curriculum.places(1, 1).tolist() == curriculum.places(1, 1).tolist()


def test_more_than_there_is_comes_several_times():
    assert sorted(Curriculum(1, 2, 5, 1).places(0, 0)[1:]) in ([1, 1, 1, 2, 2], [1, 1, 2, 2, 2])
