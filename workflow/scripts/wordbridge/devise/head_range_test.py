"""The learning-rate range test of an image head."""

from wordbridge.devise.training import HeadTraining, batches
from wordbridge.training.lr_finder import RangeTest, range_test


def find_head_rate(training: HeadTraining, lowest: float, highest: float, steps: int) -> RangeTest:
    """Return losses while the rate grows in each of ``steps``; see ``range_test``.

    The head is changed.
    """
    size, points = training.settings.training.batch_size, len(training.train_points)
    per_epoch = len(batches(points, size, training.seed, 0))
    training.head.train()

    def step(number: int, rate: float) -> float:
        order = batches(points, size, training.seed, number // per_epoch)
        return training.step(order[number % per_epoch], rate, None)

    return range_test(step, steps, lowest, highest, "features")
