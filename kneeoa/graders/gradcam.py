"""Grad-CAM (Selvaraju et al. 2017) from the evidence that a reading carries.

With global average pooling and one linear layer the gradient of a logit with respect to the last
feature map is the head's kernel over the number of cells, so Grad-CAM of grade g is the positive
part of ``evidence[..., g]``, up to that constant. No gradient is needed, and the unit has a
meaning: the mean of the signed map plus the head's bias is the logit.
"""

import numpy as np

CONTOURS = (0.5, 0.8)
"""Shares of the strongest colour at which a map has a line."""


def grad_cam(evidence: np.ndarray, grade: int) -> np.ndarray:
    """Return the Grad-CAM ``(7, 7) float32, >= 0`` of `grade` from evidence ``(7, 7, 5)``."""
    return np.maximum(evidence[..., int(grade)], 0)


def contrast(evidence: np.ndarray, grade: int, other: int) -> np.ndarray:
    """Return where a knee looks more like `grade` than like `other`, ``(7, 7) float32, >= 0``.

    It is the Grad-CAM of the difference of both logits.
    """
    return np.maximum(evidence[..., int(grade)] - evidence[..., int(other)], 0)


def strength(peak: float, scale: float) -> str:
    """Return a map's strongest evidence in a word: no, weak, moderate or strong.

    By thirds of `scale`, the network's own: what one in a hundred validation films exceeds.
    """
    if peak <= scale / 100:
        return "no"
    return ("weak", "moderate", "strong")[min(int(3 * peak / scale), 2)]


def own_scale(peak: float, usual: float) -> float:
    """Return the evidence that gets a map's strongest colour where it has a scale of its own.

    `peak` is its strongest evidence, `usual` the network's scale as in `strength`. So a map that
    shows "no" evidence has no line of `CONTOURS`.
    """
    # What is next to nothing must not be spread over all colours.
    return usual if strength(peak, usual) == "no" else peak


def in_words(peak: float, scale: float, *, as_published: bool) -> str:
    """Return a map's strongest evidence as `strength` has it, or as a number under a profile.

    `scale` is of the network `as_published`. A profile has a last layer of its own, whose evidence
    runs higher or lower: what is strong there was never measured.
    """
    word = strength(peak, scale)
    if as_published or word == "no":
        return f"{word} evidence"
    return f"evidence up to {peak:.1f} logit units"
