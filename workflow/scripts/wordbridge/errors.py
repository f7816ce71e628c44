"""The error that a person can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

_LONGEST = 120  # characters of what a file holds or a library complains of


class InputError(Exception):
    """Input, configuration or environment is not as expected.

    The message is one line: what is wrong, what was expected, what was got, what to do.
    Scripts and the command line print it without a traceback and exit with status 1.
    """


def brief(got: object) -> str:
    """Return what was got, or what a library complains of, as one short line."""
    words = " ".join(str(got).split())
    if isinstance(got, Exception):
        words = words or type(got).__name__
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."


@contextmanager
def located(place: object) -> Iterator[None]:
    """Put ``place`` in front of the message of an InputError that is raised inside."""
    try:
        yield
    except InputError as error:
        raise type(error)(f"{place}: {error}") from None
