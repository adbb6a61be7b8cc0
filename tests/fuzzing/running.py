"""Damaged films, one after the other: what came of each, how long it took."""

import contextlib
import os
import signal
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, configuration, given, seed, settings

from kneeoa.errors import RadiographError
from kneeoa.films.frames import Frame, network_input
from kneeoa.films.limits import Limits
from kneeoa.films.radiograph import read_radiograph
from tests.fuzzing.damage import Damaged, damaged_films

SECONDS = 20
"""No film of a few kilobytes may take longer, however busy the machine."""
_LIMITS = Limits(max_pixels=4_000_000)
_LONGEST_SENTENCE = 600


class TooSlowError(Exception):
    """A film took longer than `SECONDS`."""


@dataclass
class Tally:
    """What came of how many films, by kind, and the slowest."""

    read: Counter = field(default_factory=Counter)
    refused: Counter = field(default_factory=Counter)
    slowest: float = 0.0
    slowest_kind: str = ""

    @property
    def count(self) -> int:
        return self.read.total() + self.refused.total()


def run(count: int, *, start: int | None = None) -> Tally:
    """Read `count` damaged films; raise what a film raises that is no refusal.

    The film is made as small as can be first. Without `start` they are the same ones every time.
    """
    tally = Tally()

    def check(film: Damaged) -> None:
        began = time.monotonic()
        with _within(SECONDS):
            was_read = _is_read(film.data)
        took = time.monotonic() - began
        (tally.read if was_read else tally.refused)[film.kind] += 1
        if took > tally.slowest:
            tally.slowest, tally.slowest_kind = took, film.kind

    configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir()) / f"fuzz-{os.getuid()}")
    checked = given(damaged_films())(check)
    if start is not None:
        checked = seed(start)(checked)
    checked = settings(
        max_examples=count,
        derandomize=start is None,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )(checked)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # decoders warn of what they read all the same
        checked()
    return tally


def _is_read(data):
    """Return whether the film is read, and can be graded then; refusals are sentences."""
    try:
        film = read_radiograph(data, "film", limits=_LIMITS)
    except RadiographError as error:
        said = str(error)
        assert said.endswith((".", "!", "?")) or ":" in said, said
        assert len(said) <= _LONGEST_SENTENCE, said
        return False
    pixels = film.pixels
    assert pixels.ndim == 2 and pixels.dtype == np.float32
    assert np.isfinite(pixels).all() and pixels.min() >= 0 and pixels.max() <= 255
    assert np.isfinite(network_input(film, Frame.whole(film))).all()
    return True


@contextlib.contextmanager
def _within(seconds: float) -> Iterator[None]:
    def stop(number, frame):
        raise TooSlowError(f"A film took more than {seconds} s.")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
