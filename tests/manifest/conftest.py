"""A finished experiment for every test of the manifest."""

from pathlib import Path

import pytest

from tests.manifest.manifest_toys import write_tree


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Return the results of three jobs, as recorded."""
    return write_tree(tmp_path / "checkout")
