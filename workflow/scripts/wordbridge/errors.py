"""The error for input that a user can correct. Every rule imports it: an edit reruns all jobs."""

from collections.abc import Iterator
from contextlib import contextmanager

_MAX_LENGTH = 120  # characters of a quoted value or of a library's message


class InputError(Exception):
    """Input, configuration or environment is not as expected.

    The message is one line: what is wrong, what was expected, what was got, what to do.
    Scripts and the command line print it without a traceback and exit with status 1.
    """


def shorten(value: object) -> str:
    """Return a value, or the message of an exception, as one short line."""
    text = " ".join(str(value).split())
    if isinstance(value, Exception):
        text = text or type(value).__name__
    return text if len(text) <= _MAX_LENGTH else f"{text[:_MAX_LENGTH]}..."


@contextmanager
def with_location(location: object) -> Iterator[None]:
    """Put ``location`` in front of the message of an InputError that is raised in the block."""
    try:
        yield
    except InputError as error:
        raise type(error)(f"{location}: {error}") from None
