"""The learning-rate range test (Smith 2017, section 3.3) for a picture head."""

import math

from wordbridge.devise.devise_training import HeadTraining, batches
from wordbridge.errors import InputError
from wordbridge.translation.range_test import FIRST_BEST, GIVE_UP, RangeTest, suggested
from wordbridge.translation.standing import Standing


def find_head_rate(training: HeadTraining, lowest: float, highest: float, steps: int) -> RangeTest:
    """Return losses while the rate grows by an equal factor in each of ``steps``.

    Stops when the loss is four times its smallest value or no number. The head is changed.
    Raises InputError when already the first loss is no number.
    """
    size, points = training.settings.training.batch_size, len(training.train_points)
    per_epoch = len(batches(points, size, training.seed, 0))
    rates, losses, standing, best = list[float](), list[float](), Standing(), float("inf")
    training.head.train()
    for step in range(steps):
        order = batches(points, size, training.seed, step // per_epoch)
        rate = lowest * (highest / lowest) ** (step / steps)
        loss = training.step(order[step % per_epoch], rate, None)
        standing.smooth(loss)
        if not math.isfinite(loss) or standing.train_loss > GIVE_UP * best:
            break
        rates.append(rate)
        losses.append(standing.train_loss)
        if step > FIRST_BEST:
            best = min(best, standing.train_loss)
    if not rates:
        raise InputError(
            f"the loss of the first batch: expected a number, got {loss}; "
            "lower the range test's lowest rate, or look at the features"
        )
    return RangeTest(rates, losses, suggested(rates, losses))
