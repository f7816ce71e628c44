"""A download so far, in a form that can go on after an interruption."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """A download so far, and beside it the mark by which the server knows the same version."""

    path: Path

    @property
    def _mark(self) -> Path:
        return self.path.with_name(self.path.name + ".version")

    def length(self) -> int:
        """Return how many bytes have come."""
        return self.path.stat().st_size if self.path.exists() else 0

    def resumable(self) -> tuple[int, str]:
        """Return (bytes had, mark); without a mark nothing can be resumed safely."""
        mark = self._mark.read_text(encoding="utf-8") if self._mark.exists() else ""
        return (self.length(), mark) if mark else (0, "")

    def restart(self, mark: str) -> None:
        """Begin with no bytes of the version that ``mark`` names."""
        self._mark.unlink(missing_ok=True)  # first, so that no old bytes meet a new mark
        self.path.write_bytes(b"")
        self._mark.write_text(mark, encoding="utf-8")

    def discard(self) -> None:
        """Forget what has come."""
        self._mark.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)
