"""Which part of a film the graders look at, and its ``(224, 224)`` input.

The graders learned from square crops centred on one joint, the knee filling most of the width. A
frame has its own height and width, because the pixels of other hospitals' films are not always
square: what lies in it is stretched to the square that the graders know.

A frame may reach past the film: what is missing repeats the film's edge. A border around a film
(`kneeoa.films.shape.border`) is not film, either.
"""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from kneeoa.errors import RadiographError
from kneeoa.films.radiograph import Radiograph
from kneeoa.networks import INPUT_SIDE

SMALLEST_FRAME = 64
"""Pixels: below this a frame holds too little to grade."""

WHOLE_FILM = "whole film"


@dataclass(frozen=True, slots=True)
class Frame:
    """`height` x `width` pixels with the upper left corner at (`top`, `left`) of the film.

    The corner may be negative and the frame may reach past the film.
    """

    top: int
    left: int
    height: int
    width: int
    name: str = WHOLE_FILM

    @property
    def centre(self) -> tuple[int, int]:
        """Row and column of the middle, in pixels."""
        return self.top + self.height // 2, self.left + self.width // 2

    @property
    def side(self) -> int:
        """Side in pixels of the square of the same area."""
        return round((self.height * self.width) ** 0.5)

    @classmethod
    def around(
        cls, row: int, column: int, height: int, name: str, *, width: int | None = None
    ) -> "Frame":
        """Return the frame whose `centre` is at (`row`, `column`); a square without `width`."""
        width = height if width is None else width
        return cls(row - height // 2, column - width // 2, height, width, name)

    @classmethod
    def whole(cls, radiograph: Radiograph, name: str = WHOLE_FILM) -> "Frame":
        """Return the frame that is the whole film, without a border around it."""
        rows, columns = radiograph.inside
        size = rows.stop - rows.start, columns.stop - columns.start
        return cls(rows.start, columns.start, *size, name)

    def moved(self, down: int, right: int) -> "Frame":
        """Return it moved by so many pixels."""
        return replace(self, top=self.top + down, left=self.left + right)

    def share_outside(self, radiograph: Radiograph) -> float:
        """Return which share of the frame's area is not on the film."""
        rows, columns = self._on(radiograph)
        inside = max(0, rows[1] - rows[0]) * max(0, columns[1] - columns[0])
        return 1 - inside / (self.height * self.width)

    def _on(self, radiograph: Radiograph) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return first and last row, and first and last column, that are on the film."""
        rows, columns = radiograph.inside
        return (
            (max(self.top, rows.start), min(self.top + self.height, rows.stop)),
            (max(self.left, columns.start), min(self.left + self.width, columns.stop)),
        )


def square(radiograph: Radiograph, frame: Frame, side: int) -> np.ndarray:
    """Return what lies in `frame`, stretched: ``(side, side) float32 in [0, 255]``.

    Raises `RadiographError` when the frame is too small or mostly outside the film.
    """
    if min(frame.height, frame.width) < SMALLEST_FRAME:
        raise RadiographError(
            f"Expected a frame of at least {SMALLEST_FRAME} pixels. Received: {frame.height} x "
            f"{frame.width}."
        )
    rows, columns = frame._on(radiograph)
    if rows[1] - rows[0] < frame.height // 2 or columns[1] - columns[0] < frame.width // 2:
        film = radiograph.inside
        raise RadiographError(
            f"Expected a frame that lies at least half on the film, in rows {film[0].start} to "
            f"{film[0].stop} and columns {film[1].start} to {film[1].stop}. Received: rows "
            f"{frame.top} to {frame.top + frame.height}, columns {frame.left} to "
            f"{frame.left + frame.width}. Move the frame onto the knee."
        )
    inside = radiograph.pixels[slice(*rows), slice(*columns)]
    missing = (
        (rows[0] - frame.top, frame.top + frame.height - rows[1]),
        (columns[0] - frame.left, frame.left + frame.width - columns[1]),
    )
    whole = np.pad(inside, missing, mode="edge")
    if whole.shape == (side, side):
        return np.array(whole, np.float32)
    image = Image.fromarray(np.ascontiguousarray(whole, np.float32))
    return np.clip(np.asarray(image.resize((side, side), Image.Resampling.BICUBIC)), 0, 255)


def network_input(radiograph: Radiograph, frame: Frame) -> np.ndarray:
    """Return what the graders see: ``(224, 224) float32 in [0, 255]``.

    A 224 x 224 film, taken whole, passes through unchanged.
    """
    return square(radiograph, frame, INPUT_SIDE)
