"""Which samples of the table of translations have their attention drawn."""


def drawn_samples(count: int, attention: int) -> list[int]:
    """Return ``attention`` of the numbers from 1 to ``count`` (or all), in even steps.

    Samples go from short to long, so the drawn ones do, too.
    """
    drawn = min(attention, count)
    return [(2 * slice_ + 1) * count // (2 * drawn) + 1 for slice_ in range(drawn)]
