"""Arrays in ``.npy`` files: damage has one kind of error, and nothing is unpickled."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from wordbridge.errors import brief


def read_npy(file: IO[bytes]) -> NDArray[Any]:
    """Return the array in an open file. Raises ValueError when there is none in it."""
    with _one_kind_of_error():
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        return array


def map_npy(path: str | Path) -> NDArray[Any]:
    """Return the array in a file, left on disk until it is used.

    Raises OSError when the file cannot be read, and ValueError when there is no array in it.
    """
    with _one_kind_of_error():
        # Not np.load, which would take a zip or a pickle for something to try.
        array: NDArray[Any] = np.lib.format.open_memmap(path, mode="r")
        return array


@contextmanager
def _one_kind_of_error() -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # numpy parses the header as Python, and raises of every kind
        raise ValueError(brief(error)) from None
