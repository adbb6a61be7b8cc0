"""Films of which only the first rows came: what is missing has one grey value, from there on.

A transfer that broke off leaves such pixels where its receiver made room for all of them. Shutters
leave them, too, and above as well as below: these are borders (`kneeoa.films.shape.border`).
"""

import numpy as np

from kneeoa.errors import RadiographError
from kneeoa.films.shape.border import even_border

_EVEN = 3
"""Grey values of 255 by which what is missing differs at most from its median."""
_LEAST = 0.05
"""Share of the rows below which nothing is said. None of 6,604 training and validation knees has
one such row; of 330 films of other hospitals two have more, one of them nothing but these."""
_BLOCK = 16
"""Rows that come at once at most, in blocks of a compression."""
_STEP, _SAME = 0.05, 0.02
"""Share of the width by which the last rows end before those above, and by which these differ."""
_AS_STRONG = 0.5
"""Contrast with what is missing, as a share of that of the rows above."""
_ABOVE = 8
"""Rows above that are looked at."""


def whole_notes(pixels: np.ndarray, *, is_lossy: bool = False) -> tuple[str, ...]:
    """Return that a film ``(H, W)`` may have come in part, as a sentence; mostly nothing.

    Raises `RadiographError` where it ends within a row, as no shutter does.
    """
    height, width = pixels.shape
    value = np.median(pixels[-1])
    missing = _rows_of(pixels[::-1], value)
    if not _LEAST * height <= missing < height:
        return ()
    top, right, _, left = even_border(pixels, is_lossy=is_lossy)
    if top or _rows_of(pixels, np.median(pixels[0])):
        return ()  # a border, or shutters
    share = f"{missing / height:.0%}"
    if _ends_within_a_row(pixels[: height - missing, left : width - right], value):
        raise RadiographError(
            f"Expected a whole film. The lowest {share} of this picture has one grey value, and it "
            "breaks off within a row: it came in part. Fetch or export it again."
        )
    return (
        f"The lowest {share} of the picture is blank, of one grey value: the film may have come in "
        "part. Compare it with the original.",
    )


def _rows_of(pixels: np.ndarray, value: float) -> int:
    """Return how many of the first rows are of one value."""
    # By halves would be sooner; most films have none, which one row tells.
    for row, some in enumerate(pixels):
        if np.abs(some - value).max() > _EVEN:
            return row
    return len(pixels)


def _ends_within_a_row(film: np.ndarray, value: float) -> bool:
    """Return whether the last row, or row of blocks, of a film ends before those above it."""
    off = np.abs(film[-_BLOCK - _ABOVE :][::-1] - value)
    last, width = off > _EVEN, off.shape[1]
    if len(last) < _ABOVE + 1 or not last.any(axis=1).all():
        return False
    begins, ends = last.argmax(axis=1), width - last[:, ::-1].argmax(axis=1)
    steps = np.flatnonzero(np.diff(ends) > _STEP * width)
    if not steps.size or steps[0] + 1 + _ABOVE > len(last):
        return False
    step = int(steps[0]) + 1
    above = slice(step, step + _ABOVE)
    # What a compression leaves uneven next to the film is far fainter than it.
    is_film = off[:step, : ends[step - 1]].mean() > _AS_STRONG * off[above, : ends[step - 1]].mean()
    spread = max(np.ptp(ends[above]), np.ptp(begins[: above.stop]))
    return bool(is_film and spread <= _SAME * width)
