"""How long this job has taken, with the attempts that were broken off and that it continues."""

from dataclasses import dataclass

from wordbridge.manifest.machine import seconds_since_start


@dataclass
class _Earlier:
    seconds: float = 0.0
    attempts: int = 0


_earlier = _Earlier()


def go_on(seconds: float, attempts: int) -> None:
    """Take in that this process continues ``attempts`` that had taken ``seconds`` when they saved.

    A job of several trainings does so for each: the last to be saved knows the most.
    """
    _earlier.seconds = max(_earlier.seconds, seconds)
    _earlier.attempts = max(_earlier.attempts, attempts)


def so_far() -> tuple[float, int]:
    """Return the seconds of this process and of those that it continues, and how many they are."""
    return _earlier.seconds + seconds_since_start(), _earlier.attempts + 1
