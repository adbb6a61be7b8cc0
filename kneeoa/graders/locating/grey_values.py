"""The grey values in a part of a film, counted and smoothed."""

from dataclasses import replace

import numpy as np
from PIL import Image

from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph

_COVERED_DOWN, _COVERED_ACROSS = (0.3, 0.7), (0.15, 0.85)
"""Between which shares of a frame's height and width a joint must not be covered."""
_MOST_LOOKED_AT = 500
"""Rows and columns of which grey values are counted."""


def inside(radiograph: Radiograph, frame: Frame) -> np.ndarray:
    """Return the pixels of a film that lie in a frame, as far as it is on the film."""
    rows, columns = (
        slice(max(0, corner), max(0, corner + length))
        for corner, length in ((frame.top, frame.height), (frame.left, frame.width))
    )
    return radiograph.pixels[rows, columns]


def histogram(part: np.ndarray) -> np.ndarray:
    """Return how often each whole grey value is there, ``(256,) int``."""
    step = max(1, max(part.shape, default=1) // _MOST_LOOKED_AT)
    return np.bincount(part[::step, ::step].astype(np.uint8).ravel(), minlength=256)


def middle_of(image: np.ndarray) -> np.ndarray:
    """Return the joint in what a frame shows, an ``(S, S)`` image."""
    rows, columns = (
        slice(*(round(share * len(image)) for share in shares))
        for shares in (_COVERED_DOWN, _COVERED_ACROSS)
    )
    return image[rows, columns]


def joint_in(radiograph: Radiograph, frame: Frame) -> np.ndarray:
    """Return the pixels of the joint in a frame, as far as it is on the film."""
    (upper, lower), (left, right) = _COVERED_DOWN, _COVERED_ACROSS
    joint = replace(
        frame,
        top=round(frame.top + upper * frame.height),
        left=round(frame.left + left * frame.width),
        height=round((lower - upper) * frame.height),
        width=round((right - left) * frame.width),
    )
    return inside(radiograph, joint)


def jumps(part: np.ndarray, least: float) -> float:
    """Return the share of pixels ``(H, W)`` that differ by more than `least` from a neighbour."""
    step = max(1, max(part.shape, default=1) // _MOST_LOOKED_AT)
    part = part[::step, ::step]
    if min(part.shape) < 2:
        return 0.0
    down, across = np.abs(np.diff(part, axis=0)), np.abs(np.diff(part, axis=1))
    return float(np.mean(np.maximum(down[:, :-1], across[:-1]) > least))


def share_of_shades(image: np.ndarray) -> float:
    """Return how much of what is larger than grain is shades of whole bones, from 0 to 1.

    It is the spread of the means over a seventh of an ``(S, S)`` image's side to that over a 28th;
    of the whole image or of its middle, whichever is more: a narrow border is no shade.
    """
    fine = np.asarray(Image.fromarray(image).reduce(len(image) // 28))
    parts = fine, fine[4:-4, 4:-4]
    return max(float(_means_over_four(part).std() / (part.std() + 1e-6)) for part in parts)


def _means_over_four(image: np.ndarray) -> np.ndarray:
    count = len(image) // 4
    return image[: 4 * count, : 4 * count].reshape(count, 4, count, 4).mean(axis=(1, 3))


def most_common(counts: np.ndarray, *, below: int = 256) -> float:
    """Return the share of the most common grey value, out of those less than `below`."""
    return float(counts[:below].max(initial=0) / max(1, counts.sum()))


def smoothed(image: np.ndarray) -> np.ndarray:
    """Return a square ``(S, S)`` smoothed by a binomial kernel of five, both ways."""
    image = np.pad(image, 2, mode="edge")
    # The kernel is four sums of two neighbours.
    for _ in range(4):
        image = image[:-1] + image[1:]
    for _ in range(4):
        image = image[:, :-1] + image[:, 1:]
    image *= 1 / 256
    return image


def sharper_across(image: np.ndarray) -> float:
    """Return how much detail an ``(S, S)`` image has from left to right, over that up and down.

    Of one to some pixels, by the median; S is a multiple of four.
    """
    across = _detail_along_rows(image[::4] + image[1::4] + image[2::4] + image[3::4])
    columns = image[:, ::4] + image[:, 1::4] + image[:, 2::4] + image[:, 3::4]
    return across / (_detail_along_rows(np.ascontiguousarray(columns.T)) + 1e-6)


def _detail_along_rows(image: np.ndarray) -> float:
    fine = _smoothed_along_rows(image)
    detail = fine - _smoothed_along_rows(_smoothed_along_rows(fine))
    # The outermost may be a border, or repeated; a bar's edge would outweigh all else.
    edge = len(image) // 10
    return float(np.median(np.abs(detail[edge:-edge, 4 * edge : -4 * edge])))


def _smoothed_along_rows(image: np.ndarray) -> np.ndarray:
    image = np.pad(image, ((0, 0), (2, 2)), mode="edge")
    for _ in range(4):
        image = image[:, :-1] + image[:, 1:]
    image *= 1 / 16
    return image
