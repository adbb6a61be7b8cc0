"""Films that are drawn once: the same one again, in another test or process, is read from a file.

A drawing is the same every time (`tests.films.test_phantom` draws anew, and looks at that), so that
tests which only need a film lose nothing by it.
"""

import hashlib
import os
import tempfile
from pathlib import Path

import numpy as np

from kneeoa.films import phantom

FOLDER = "KNEEOA_TEST_DRAWN"
"""Set by the first process of a run of tests; those that it starts draw into the same folder."""
draw = phantom._film


def use(folder: Path) -> None:
    """Have every film of this process be drawn once a run, from now on."""
    shared = Path(os.environ.setdefault(FOLDER, str(folder)))
    shared.mkdir(parents=True, exist_ok=True)

    def drawn(*options) -> np.ndarray:
        file = shared / f"{hashlib.sha256(repr(options).encode()).hexdigest()}.npy"
        if not file.exists():
            film = draw(*options)
            with tempfile.NamedTemporaryFile(dir=shared, delete=False) as written:
                np.save(written, film)
            Path(written.name).replace(file)
        return np.load(file)

    phantom._film = drawn
