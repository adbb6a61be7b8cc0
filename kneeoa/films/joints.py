"""The joint looked for with a drawn knee as template: what pages use until they take the localiser.

`kneeoa.graders.localiser` finds more and knows what is no knee; `kneeoa.films.frames` has what
both give. This module goes when no page imports it.
"""

from functools import cache

import numpy as np
from PIL import Image
from scipy import ndimage, signal

from kneeoa.films.frames import SMALLEST_FRAME, Frame, square
from kneeoa.films.phantom import draw_knee
from kneeoa.films.radiograph import Radiograph
from kneeoa.grades import KLGrade

__all__ = ["SMALLEST_FRAME", "Frame", "propose_frames", "square"]

TWO_KNEES_ASPECT = 2.0
"""Width over height from which a film is taken to show both knees."""

_TEMPLATE_SIDE = 32
_SIZES = np.geomspace(0.35, 1.5, 16)
"""Frame sides that are tried, relative to the film's shorter side."""
_AS_GOOD = 0.95
_PREFER_WHOLE = 0.25
_LEAST_INSIDE = 0.6
"""Share of a frame's height and width that must lie on the film."""


def propose_frames(radiograph: Radiograph) -> tuple[Frame, ...]:
    """Return one frame per knee that the film seems to show, from left to right of the image.

    A film twice as wide as high is taken to show two knees. So is a less wide one where the best
    match lies in one half and the other half holds a match of like size and quality.
    """
    height, width = radiograph.pixels.shape
    if height == width:
        return (Frame.whole(radiograph),)
    middle = width // 2
    if width >= TWO_KNEES_ASPECT * height:
        return _both_knees(radiograph.pixels, middle)
    score, frame = _find(radiograph.pixels, 0, "one knee")
    if width > height and abs(frame.centre[1] - middle) > frame.side / 3:
        other = slice(middle, None) if frame.centre[1] < middle else slice(None, middle)
        other_score, other_frame = _find(radiograph.pixels[:, other], 0, "")
        alike = 2 / 3 < other_frame.side / frame.side < 3 / 2
        if alike and other_score > _AS_GOOD * score:
            return _both_knees(radiograph.pixels, middle)
    return (frame,)


def _both_knees(pixels, middle):
    return (
        _find(pixels[:, :middle], 0, "left of the image")[1],
        _find(pixels[:, middle:], middle, "right of the image")[1],
    )


def _find(pixels, offset, name):
    """Return how much like a knee the most knee-like place looks, in [-1, 1], and its frame."""
    height, width = pixels.shape
    pixels = np.ascontiguousarray(pixels)
    shorter = min(height, width)
    # Without any size to try (a very small film), its middle.
    best = (-1.0, Frame.around(height // 2, offset + width // 2, shorter, name))
    for side in np.unique((_SIZES * shorter).round().astype(int)):
        if SMALLEST_FRAME <= side <= shorter / _LEAST_INSIDE:
            score, row, column = _best_place(pixels, int(side))
            if score > best[0]:
                best = (score, Frame.around(row, offset + column, int(side), name))
    return best


def _best_place(pixels, side):
    """Return the best correlation for frames of `side` pixels, and their centre row and column."""
    height, width = pixels.shape
    scale = _TEMPLATE_SIDE / side
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX), np.float64)
    reach = int((1 - _LEAST_INSIDE) * _TEMPLATE_SIDE)
    score = _correlation(np.pad(small, reach), np.pad(np.ones_like(small), reach), _template())
    row, column = np.unravel_index(score.argmax(), score.shape)
    middle = _TEMPLATE_SIDE / 2 - reach
    return score.max(), round((row + middle) / scale), round((column + middle) / scale)


def _correlation(image, on_film, template):
    """Correlation in [-1, 1] at every place of `template`, over what lies on the film only.

    `image` is 0 where `on_film` is 0. Method: Padfield 2012 (IEEE Trans Image Process 21), with a
    mild preference for places where more of the template is on the film.
    """

    def sums_of(picture, weights):
        return signal.fftconvolve(picture, weights[::-1, ::-1], mode="valid")

    ones = np.ones_like(template)
    count = np.maximum(sums_of(on_film, ones), 1)
    of_image, of_template = sums_of(image, ones), sums_of(on_film, template)
    image_spread = sums_of(image**2, ones) - of_image**2 / count
    template_spread = sums_of(on_film, template**2) - of_template**2 / count
    shared = sums_of(image, template) - of_image * of_template / count
    spread = np.sqrt(np.maximum(image_spread, 1e-3) * np.maximum(template_spread, 1e-6))
    return shared / spread * (count / template.size) ** _PREFER_WHOLE


@cache
def _template():
    """Return a drawn knee ``(32, 32)`` of zero mean and unit norm, of neither side."""
    drawn = np.mean(
        [
            draw_knee(grade, seed=seed, side=4 * _TEMPLATE_SIDE, laterality=side, marked=False)
            for grade, seed in ((KLGrade.NONE, 0), (KLGrade.MINIMAL, 1))
            for side in "LR"
        ],
        axis=0,
    )
    blocks = drawn.reshape(_TEMPLATE_SIDE, 4, _TEMPLATE_SIDE, 4).mean(axis=(1, 3))
    soft = ndimage.gaussian_filter(blocks, 0.7)
    centred = soft - soft.mean()
    return centred / np.linalg.norm(centred)
