"""Films that are drawn once: the same one again, in another test or process, costs nothing.

A drawing is the same every time (`tests.films.test_phantom` draws anew, and looks at that), so that
tests which only need a film lose nothing by it.
"""

import hashlib

import numpy as np

from kneeoa.films import phantom
from tests.support import once

draw = phantom._film


def use() -> None:
    """Have every film of this process be drawn once a run, see `once`."""
    phantom._film = _drawn


def _drawn(*options) -> np.ndarray:
    key = hashlib.sha256(repr(options).encode()).hexdigest()
    found = once.kept(key)
    if found is None:
        # Processes that collect tests draw the films of the same modules at the same time.
        with once.alone(key):
            if once.kept(key) is None:
                once.keep(key, [draw(*options)])
        found = once.kept(key)
    return found[0]
