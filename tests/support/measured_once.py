"""Joint spaces that are measured once: the same knee again, in whatever process, costs nothing.

Measuring is the same every time (`tests.jointspace` measures anew), and takes longer than all else
that a page does with a film that the networks have graded before.
"""

import hashlib
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from kneeoa.jointspace import width
from kneeoa.jointspace.patch import Patch
from tests.support import once

measure = width._measured


def use() -> Callable[[], None]:
    """Have this process measure each knee once, see `once`; return what undoes it."""
    patch = pytest.MonkeyPatch()
    patch.setattr(width, "_measured", _measured)
    return patch.undo


def _measured(patch: Patch, known: Mapping[str, Any]) -> width.JointSpace:
    image = np.ascontiguousarray(patch.image)
    place = patch.scale, patch.left, patch.top, image.dtype, image.shape
    key = hashlib.sha256(f"joint space {place} {sorted(known.items())}".encode())
    key.update(image)
    kept = once.kept(key.hexdigest())
    if kept is None:
        space = measure(patch, known)
        once.keep(key.hexdigest(), [np.frombuffer(pickle.dumps(space), np.uint8)])
        return space
    return pickle.loads(kept[0].tobytes())
