"""Spoilt knees: by a network of its own that sees what the graders see.

The localiser looks at a small picture of the film, and is to find a knee however it was taken. This
one knows what was done to it: whether the joint is there, and of one piece, and as it was taken.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kneeoa.graders.cards import graph
from kneeoa.graders.locating.gate import SPOILT, Finding
from kneeoa.graders.locating.looks import CLIP, LEAST_SPREAD
from kneeoa.graders.published import check_bytes
from kneeoa.graders.sessions import session_of
from kneeoa.networks import INPUT_SIDE

FILE = "spoilt.onnx"
FRAMES, SCORE = "frames", "spoilt"
"""What the network takes and gives."""


class Spoilt:
    """The published network, loaded once. Safe to share between threads."""

    def __init__(self, folder: Path, card: dict[str, Any]) -> None:
        """Load `FILE` in `folder`, which `card` describes; raise `ModelError` for another one."""
        file = folder / FILE
        check_bytes(file, card["model_sha256"])
        graph.check_ends(file, {FRAMES: (1, INPUT_SIDE, INPUT_SIDE)}, {SCORE: (1,)})
        self._session = session_of(file, threads=1)
        self.threshold = float(card["threshold"])

    def scores(self, seen: Sequence[np.ndarray]) -> np.ndarray:
        """Return the log odds ``(N,)`` of being spoilt of what the graders see, N ``(S, S)``."""
        (scores,) = self._session.run([SCORE], {FRAMES: shown(np.stack(seen))})
        return scores[:, 0]

    def against(self, seen: Sequence[np.ndarray]) -> list[Finding | None]:
        """Return for each of these that it is spoilt, or None; all in one run of the network."""
        return [SPOILT if score > self.threshold else None for score in self.scores(seen)]


def shown(seen: np.ndarray) -> np.ndarray:
    """Return what the graders see ``(N, S, S)`` in [0, 255] as this network takes it.

    That is ``(N, 1, S, S) float32`` of one mean and contrast, as `looks.standardised` has it.
    """
    values = seen.reshape(len(seen), -1) * np.float32(1 / 255)
    values = (values - values.mean(axis=1, keepdims=True)).astype(np.float32, copy=False)
    spread = np.sqrt(np.einsum("ij,ij->i", values, values) / values.shape[1]) + LEAST_SPREAD
    values *= (1 / spread).astype(np.float32)[:, None]
    return np.clip(values, -CLIP, CLIP, out=values).reshape(len(seen), 1, *seen.shape[1:])
