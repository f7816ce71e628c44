"""The error that a person can act on."""


class InputError(Exception):
    """Input, configuration or environment is not as expected.

    The message is one line: what is wrong, what was expected, what was got, what to do.
    Scripts and the command line print it without a traceback and exit with status 1.
    """
