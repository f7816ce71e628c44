"""Seconds of a job over all its attempts."""

import pytest

from wordbridge import attempts
from wordbridge.manifest.machine import seconds_since_start


@pytest.fixture(autouse=True)
def _first_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_earlier", attempts._Earlier())


def test_a_job_that_continues_nothing_is_one_attempt_of_its_own_seconds():
    seconds, count = attempts.so_far()
    assert seconds == pytest.approx(seconds_since_start(), abs=1)
    assert count == 1


def test_the_state_that_was_saved_last_tells_what_went_before():
    attempts.go_on(1000.0, 2)  # a first training of the job, which was finished
    attempts.go_on(3000.0, 2)  # the second, broken off
    seconds, count = attempts.so_far()
    assert seconds == pytest.approx(3000 + seconds_since_start(), abs=1)
    assert count == 3
