"""Which part of a film the graders look at, and its ``(224, 224)`` input.

The graders were trained on square films centred on one knee joint. A film of another shape is cut
to a square frame; a film at least twice as wide as high is taken to show two knees, one a half.
The frame is a proposal that the reader sees and can move, not a detector.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from kneeoa.errors import RadiographError
from kneeoa.networks import INPUT_SIDE
from kneeoa.radiograph import Radiograph

TWO_KNEES_ASPECT = 2.0
"""Width over height from which a film is taken to show both knees."""

SMALLEST_FRAME = 64
"""Pixels: below this a frame holds too little to grade."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A square of `side` pixels whose upper left corner is at (`top`, `left`) of the film."""

    top: int
    left: int
    side: int
    name: str = "whole film"


def propose_frames(radiograph: Radiograph) -> tuple[Frame, ...]:
    """Return one frame per knee that the film's shape suggests, from left to right of the image.

    A square film is taken whole. Otherwise the frame is the largest square, centred on the mass of
    the bright pixels (bone) along the longer side.
    """
    height, width = radiograph.pixels.shape
    if width >= TWO_KNEES_ASPECT * height:
        middle = width // 2
        return (
            _centred(radiograph.pixels[:, :middle], 0, "left of the image"),
            _centred(radiograph.pixels[:, middle:], middle, "right of the image"),
        )
    return (_centred(radiograph.pixels, 0, "whole film"),)


def network_input(radiograph: Radiograph, frame: Frame | None = None) -> np.ndarray:
    """Return what the graders see: ``(224, 224) float32 in [0, 255]``.

    Without `frame`, the first proposed one. A 224 x 224 film passes through unchanged.
    """
    frame = frame or propose_frames(radiograph)[0]
    height, width = radiograph.pixels.shape
    bottom, right = frame.top + frame.side, frame.left + frame.side
    if min(frame.top, frame.left) < 0 or bottom > height or right > width:
        raise RadiographError(
            f"Expected a frame inside the film of {height} x {width} pixels. "
            f"Received: rows {frame.top} to {bottom}, columns {frame.left} to {right}."
        )
    if frame.side < SMALLEST_FRAME:
        raise RadiographError(
            f"Expected a frame of at least {SMALLEST_FRAME} pixels. Received: {frame.side}."
        )
    square = radiograph.pixels[frame.top : bottom, frame.left : right]
    if frame.side == INPUT_SIDE:
        return np.array(square, np.float32)
    image = Image.fromarray(np.ascontiguousarray(square, np.float32))
    resized = image.resize((INPUT_SIDE, INPUT_SIDE), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(resized, np.float32), 0, 255)


def _centred(pixels, offset, name):
    height, width = pixels.shape
    side = min(height, width)
    if height == width:
        return Frame(0, offset, side, name)
    wide = width > height
    profile = _bone_profile(pixels, axis=0 if wide else 1)
    start = int(np.clip(round(profile - side / 2), 0, max(height, width) - side))
    return Frame(0, offset + start, side, name) if wide else Frame(start, offset, side, name)


def _bone_profile(pixels, *, axis):
    """Centre of mass, along the other axis, of what is brighter than the film's upper quartile."""
    bone = np.clip(pixels - np.percentile(pixels, 75), 0, None)
    mass = ndimage.gaussian_filter1d(bone.sum(axis=axis), 5)
    total = mass.sum()
    return float((mass * np.arange(mass.size)).sum() / total) if total else mass.size / 2
