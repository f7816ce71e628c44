"""Rows of a matrix in a file, read where they are needed and nowhere else."""

import mmap
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordbridge.vectors.protocol import Matrix

# The part of the file that is mapped at one time: it counts as memory of the process.
_WINDOW_BYTES = 128 * 2**20
_CHUNK_ROWS = 512  # a chunk of rows of 300 numbers stays in a core's cache


@dataclass(frozen=True)
class MappedRows:
    """A row-major float32 matrix (rows, dim) that starts ``offset`` bytes into a mapped file."""

    file: mmap.mmap
    offset: int
    rows: int
    dim: int

    def add_to(self, sums: Matrix, owners: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        """Add row ``rows[i]`` to ``sums[owners[i]]`` for every i; ``owners`` ascend.

        The file is passed once from its beginning to its end, and each stretch is given
        back to the system when done, so that memory depends neither on the file nor on the
        number of rows.
        """
        per_window = max(_WINDOW_BYTES // (4 * self.dim), 1)
        window = (rows // per_window).astype(np.int16)  # small integers sort ten times faster
        order = np.argsort(window, kind="stable")
        for group in np.split(order, np.flatnonzero(np.diff(window[order])) + 1):
            if len(group):
                self._add_window(sums, owners[group], rows[group])
                self._forget(int(window[group[0]]) * per_window, per_window)

    def _add_window(self, sums: Matrix, owners: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        # As bytes, because numpy copies a whole float matrix that does not begin at a multiple
        # of four: a dictionary of any length stands before this one.
        size = self.rows * self.dim * 4
        table = np.frombuffer(self.file, np.uint8, size, self.offset).reshape(self.rows, -1)
        owned, first, counts = np.unique(owners, return_index=True, return_counts=True)
        # Owners with many rows come first: those that have a k-th row are then the first of all.
        order = np.argsort(-counts, kind="stable")
        row = np.empty((_CHUNK_ROWS, self.dim * 4), np.uint8)
        for start in range(0, len(order), _CHUNK_ROWS):
            chunk = order[start : start + _CHUNK_ROWS]
            total = np.zeros((len(chunk), self.dim), np.float32)
            for turn in range(counts[chunk[0]]):
                taken = row[: np.count_nonzero(counts[chunk] > turn)]
                places = rows[first[chunk[: len(taken)]] + turn]
                np.take(table, places, axis=0, out=taken, mode="clip")
                total[: len(taken)] += taken.view("<f4")
            sums[owned[chunk]] += total

    def _forget(self, first_row: int, rows: int) -> None:
        if not hasattr(mmap, "MADV_DONTNEED"):  # systems without it reclaim memory themselves
            return
        start = self.offset + first_row * self.dim * 4
        end = min(start + rows * self.dim * 4, len(self.file))
        start -= start % mmap.PAGESIZE
        self.file.madvise(mmap.MADV_DONTNEED, start, end - start)
