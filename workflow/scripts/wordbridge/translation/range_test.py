"""The learning-rate range test of a translator."""

from wordbridge.corpus.batches import sortish_batches
from wordbridge.translation.forcing import forcing_chance
from wordbridge.translation.job import Prepared
from wordbridge.translation.optimisation import Optimisation
from wordbridge.translation.rates import RangeTest, range_test


def find_learning_rate(prepared: Prepared, seed: int, lowest: float, highest: float) -> RangeTest:
    """Return losses while the rate grows in each step of one epoch; see ``range_test``.

    The model is changed.
    """
    optimisation = Optimisation(prepared.model, prepared.settings)
    chance = forcing_chance(prepared.settings.forcing, 0)
    size = prepared.settings.training.batch_size
    places = prepared.curriculum.places(seed, 0)
    order = sortish_batches(prepared.train.target_lengths[places], size, seed, 0)
    prepared.model.train()

    def step(number: int, rate: float) -> float:
        batch = prepared.train.batch(places[order[number]])
        return optimisation.step(batch, chance, rate, None)

    return range_test(step, len(order), lowest, highest, "embeddings")
