"""How the halves of a picture differ: not at all in no knee, and as right and left knees do."""

import numpy as np
from PIL import Image

_AXES, _REACH, _AT_AXIS = (0.34, 0.67), 0.25, 3
"""Where an axis may lie, as shares of the side; how much on either side of it is compared; rows at
the axis that are not, as they are alike anyhow."""
_LEAST = 0.3
"""Share of a picture's fine parts, by power, that are to be expected on either side of an axis."""
_EDGE = 4.0
"""How many times the median of what is finer than shades counts at most."""

_RIGHT = 0.01 * np.array(
    [
        [4, 16, 4, -4],
        [-13, 1, 0, 9],
        [-7, 2, 12, -1],
        [-9, -10, -2, 6],
        [7, -5, -31, -15],
        [-13, 1, -9, 5],
        [-1, 24, 2, 11],
        [22, 23, -3, 0],
    ]
)
"""What makes a right knee: by how much an eighth by an eighth of it is brighter than its mirror
image, left half, below all where the fibula lies. Fitted to 5,778 training knees by least squares
(ridge of 100; what comes out less than -0.3 for its side, mostly negatives, left out twice),
to be 1 for right and -1 for left ones."""


def likeness_to_right(seen: np.ndarray) -> float:
    """Return how much what the networks see ``(S, S)``, bones bright, is like a right knee.

    1 for a right knee and -1 for a left one in the mean, seen from the front, the patient facing
    the reader.
    """
    parts = np.asarray(Image.fromarray(seen).reduce(len(seen) // len(_RIGHT)))
    halves = (parts - parts[:, ::-1])[:, : _RIGHT.shape[1]]
    return float((_RIGHT * halves).sum() / (parts.std() + 1e-6))


def likeness_of_halves(seen: np.ndarray) -> float:
    """Return how alike what the networks see ``(S, S)`` is to its mirror image, up to 1.

    The highest correlation over axes near the middle, across and down, of what is finer than
    shades, which are alike in any two shafts. 0.69 at most in 2,200 films of four places, 0.83 in
    validation films blurred by 4 pixels of 224; 1 where femur or tibia is mirrored at the joint, or
    one half of the knee makes both.
    """
    small = np.asarray(Image.fromarray(seen).reduce(2))
    fine = small - _shades(small)
    # A straight edge from side to side is symmetric, and would outweigh all else.
    most = _EDGE * np.median(np.abs(fine[::3, ::3]))
    fine = np.clip(fine, -most, most)
    return max(_most_alike(fine), _most_alike(fine.T))


def _shades(image: np.ndarray) -> np.ndarray:
    """Return the means over nine by nine, the outermost rows and columns repeated."""
    image = np.pad(image, 4, mode="edge")
    for _ in range(2):
        two = image[:-1] + image[1:]
        four = two[:-2] + two[2:]
        image = (four[:-5] + four[4:-1] + image[8:]).T
    image *= 1 / 81
    return image


def _most_alike(fine: np.ndarray) -> float:
    """Return the highest correlation of rows above an axis with those below, mirrored."""
    first, last = (round(share * len(fine)) for share in _AXES)
    length, reach = last - first, round(_REACH * len(fine)) - _AT_AXIS
    power = np.concatenate([[0], np.cumsum(np.einsum("ij,ij->i", fine, fine))])

    def power_from(row: int) -> np.ndarray:
        """Return the power of `reach` rows from `row` on, and from each of the next ones."""
        begin = power[row : row + length]
        return power[row + reach : row + reach + length] - begin

    highest = first - _AT_AXIS - reach
    above = _windows(fine[highest : first - 1 - _AT_AXIS + length], reach)
    # What is blank is like anything.
    least = _LEAST * power[-1] / len(fine) * reach + 1e-6
    likeness = []
    for gap in (0, 1):  # an axis lies between two rows, or on one
        nearest = first + _AT_AXIS + gap
        below = _windows(fine[nearest : nearest + reach - 1 + length], reach)
        # Not a product of matrices: after one BLAS keeps a core waiting, which the networks need.
        alike = np.einsum("arc,arc->a", above, below[:, ::-1])
        sides = np.sqrt(power_from(nearest) * power_from(highest))
        likeness.append((alike / sides.clip(least)).max())
    return float(max(likeness))


def _windows(rows: np.ndarray, reach: int) -> np.ndarray:
    """Return every `reach` rows in a row, ``(N, reach, columns)``, without a copy."""
    windows = np.lib.stride_tricks.sliding_window_view(rows, reach, axis=0)
    return windows.transpose(0, 2, 1)
