"""A small finished run to search in."""

from pathlib import Path

import pytest

from tests.search.toys import make_run


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished run, not to be changed."""
    return make_run(tmp_path_factory.mktemp("searched"))
