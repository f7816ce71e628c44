"""Arrays in an uncompressed .npz: equal arrays give equal bytes, and nothing is unpickled."""

import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from wordbridge.atomic import replacing
from wordbridge.errors import InputError, brief
from wordbridge.npy_file import read_npy


def write_arrays(
    path: str | Path, arrays: Mapping[str, NDArray[Any]], types: Mapping[str, DTypeLike]
) -> None:
    """Write the arrays that ``types`` names, each of its type."""
    with replacing(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name, kind in types.items():
            member = BytesIO()
            array = np.ascontiguousarray(arrays[name], dtype=kind)
            np.lib.format.write_array(member, array, allow_pickle=False)
            # np.savez leaves the date to zipfile, which some versions set to now.
            stamp = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(stamp, member.getvalue())


def read_arrays(path: str | Path, types: Mapping[str, DTypeLike]) -> dict[str, NDArray[Any]]:
    """Return the one-dimensional arrays that ``write_arrays`` wrote.

    Raises InputError when the file is missing or damaged, or an array is of another type.
    """
    try:
        # Not np.load, which leaves a damaged archive open and accepts other formats.
        with zipfile.ZipFile(path) as archive:
            arrays = {name: _array(archive, name) for name in types}
    except Exception as error:  # zipfile raises of every kind when bytes are damaged
        raise fault(path, f"no arrays can be read ({brief(error)})") from error
    for name, kind in types.items():
        if arrays[name].dtype != kind or arrays[name].ndim != 1:
            got = f"{arrays[name].dtype} of shape {arrays[name].shape}"
            raise fault(path, f"{name}: expected one row of {np.dtype(kind)}, got {got}")
    return arrays


def fault(path: str | Path, reason: str) -> InputError:
    """Return the error for a file of arrays that is not as it was written."""
    return InputError(f"{path}: {reason}; delete the file and make it again")


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with archive.open(f"{name}.npy") as member:
        return read_npy(member)
