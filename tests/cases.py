"""Rows of tables of cases."""

import pytest


def case(name: str, *values: object, dear: bool = False) -> object:
    """Return one row of a table of cases; dear ones run with ``pytest -m long``."""
    return pytest.param(*values, id=name, marks=[pytest.mark.long] if dear else [])
