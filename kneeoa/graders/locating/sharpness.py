"""How sharp a film is where the networks look, and whether it is shaded as bone is."""

import numpy as np

from kneeoa.films.smoothness import correlation
from kneeoa.graders.locating.gate import (
    GREY_VALUES,
    MIRRORED,
    REFUSED,
    WARNED,
    WRITTEN_OVER,
    Finding,
)
from kneeoa.graders.locating.grey_values import (
    jumps,
    middle_of,
    share_of_shades,
    sharper_across,
    smoothed,
)
from kneeoa.graders.locating.symmetry import likeness_of_halves

_SOFT, _BLURRED = 0.009, 0.007
"""Share of the networks' input that is one to two pixels fine, by standard deviation. The least of
826 validation knees has 0.0095, of another hospital's 0.013. Blurred by 3, 4 and 5 pixels of 224
their medians are 0.0095, 0.0067 and 0.0051; from 5 on, most knees of KL 3 are taken for KL 0."""
_MOVED, _PERHAPS_MOVED = 0.6, 0.8
"""Detail from left to right over that up and down: 0.87 or more on 1,930 films of four places.
Moved from side to side by 5% of the width 814 of 826 validation knees have less than 0.6, and 12 of
43 of KL 2 or more became 0 or 1; by 3%, 722, and 2 of 44. Up and down, grades move less."""
_GRAINY = 0.85
"""Correlation of neighbouring pixels in the networks' input; 0.97 or more on 826 validation knees
and 180 of another hospital. Noise of 20 grey values brings it to 0.77 in the median and costs the
networks 7 to 9 points of accuracy (robustness study), that of 10 to 0.92, and 2 points."""
_STEP, _MOST_STEPS = 50, 0.012
"""Grey values between neighbours in the networks' input that are a hard edge, and their share of
the joint; at most 0.011 on the validation knees and 0.002 elsewhere, 0.06 under two lines of text,
0.01 at metal."""
_SHADES = 0.65
"""Share of shades, see `share_of_shades`: 0.77 or more in 1,000 films of four places, 0.72 with
much noise; 0.56 in relief, on which the networks are right on 15% of films, 0.51 without what is
coarser than 10 pixels of 224 (46%)."""
_MIRRORED = 0.85
"""Likeness of halves, see `likeness_of_halves`."""


def sharp(seen: np.ndarray) -> Finding | None:
    """Return that what the networks see is grainy, or out of focus: osteophytes go first."""
    if share_of_shades(seen) < _SHADES:
        return GREY_VALUES
    if likeness_of_halves(seen) > _MIRRORED:
        return MIRRORED
    if correlation(seen) < _GRAINY:
        return Finding(
            "grainy",
            "The film is grainier than those the networks learned from, and on such films they are "
            "right less often: export it without sharpening, or take a better copy.",
            WARNED,
        )
    if (moved := _moved(seen)) is not None:
        return moved
    # Smoothed once, so that whole grey values do not count as detail.
    fine = smoothed(seen)
    coarse = smoothed(smoothed(fine))
    share = float((fine - coarse).std() / (seen.std() + 1e-6))
    if share >= _SOFT:
        return _written_over(seen)
    if share >= _BLURRED:
        return Finding(
            "soft",
            "The film is less sharp than those the networks learned from: fine changes may be "
            "lost, and the grade may be too low.",
            WARNED,
        )
    return Finding(
        "blurred",
        "Expected a sharp film. This one is so blurred that the networks take most knees for "
        "healthy: take a sharper one, or a larger picture of it.",
        REFUSED,
    )


def _moved(seen: np.ndarray) -> Finding | None:
    """Return that what the networks see is sharp in one direction alone."""
    across = sharper_across(seen)
    if across < _MOVED:
        return Finding(
            "blurred",
            "Expected a sharp film. This one is much less sharp from side to side than up and "
            "down, as when the leg moved, or its rows are out of line: the networks take many such "
            "knees for healthy. Take a sharp film, or export it as it was taken.",
            REFUSED,
        )
    if across >= _PERHAPS_MOVED:
        return None
    return Finding(
        "soft",
        "The film is less sharp from side to side than up and down, as when the leg moved: fine "
        "changes may be lost, and the grade may be too low.",
        WARNED,
    )


def _written_over(seen: np.ndarray) -> Finding | None:
    """Return that what the networks see of a joint ``(224, 224)`` has edges that no bone has."""
    if jumps(middle_of(seen), _STEP) <= _MOST_STEPS:
        return None
    return Finding(
        WRITTEN_OVER,
        "The joint has edges harder than those of bone: writing, lines, metal or too narrow a "
        "window. The networks take them for bone: export the film again without them.",
        WARNED,
    )
