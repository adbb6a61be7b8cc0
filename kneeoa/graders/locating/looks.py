"""What the localiser is shown and what it answers: looks at parts of a film, and outputs by name.

A look is a part of the film letterboxed into a square, brought to one mean and contrast, with a
second channel that says what of the square is film. Boxes are measured in the look, which is
``[-1, 1] x [-1, 1]``, x to the right and y downwards.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from kneeoa.films.frames import Frame

OUTPUTS = {
    "centre": 2,
    "size": 2,
    "spread": 4,
    "second": 1,
    "kind": 3,
    "turn": 4,
    "negative": 1,
    "implant": 1,
}
"""How many numbers each output has: centre x and y; log half width and height; log of the expected
absolute errors of these four (the centre's in box widths and heights); logits of a second knee, of
frontal knee, knee from another side and anything else, of quarter turns counter-clockwise, of a
negative, of an implant. The errors serve the training alone, whose loss they weigh."""

CLIP, LEAST_SPREAD = 3.0, 0.02
"""How many times the spread of a look is shown at most, and what is added to a spread in [0, 1]."""
_LARGEST = 448
"""Pixels on the longer side down to which a film is reduced before it is looked at."""
_LEAST = 16
"""Pixels that a window has at least."""


def standardised(images: np.ndarray, film: np.ndarray) -> np.ndarray:
    """Return ``(N, 2, S, S) float32`` looks of images ``(N, S, S)`` in [0, 1].

    `film` is ``(N, S, S) bool``. Mean and standard deviation are those of the film alone.
    """
    on = film.astype(np.float32)
    count = np.maximum(on.sum(axis=(1, 2), keepdims=True), 1)
    mean = (images * on).sum(axis=(1, 2), keepdims=True) / count
    spread = (
        np.sqrt((((images - mean) * on) ** 2).sum(axis=(1, 2), keepdims=True) / count)
        + LEAST_SPREAD
    )
    shown = np.clip((images - mean) / spread, -CLIP, CLIP) * on
    return np.stack([shown, on], axis=1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a film that a look shows, in film pixels: upper left corner and size."""

    top: float
    left: float
    height: float
    width: float

    @classmethod
    def of(cls, frame: Frame) -> "Window":
        """Return the part of a film that a frame is."""
        return cls(frame.top, frame.left, frame.height, frame.width)

    @classmethod
    def cut(cls, rows: slice, columns: slice) -> "Window":
        """Return the part of a film that lies in some rows and columns."""
        return cls(rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start)

    def around(self, reach: float, height: int, width: int) -> "Window":
        """Return it `reach` times as large, as far as that is on a film of `height` x `width`."""
        middle, centre = self.top + self.height / 2, self.left + self.width / 2
        top, bottom = _on_film(middle, self.height * reach / 2, height)
        left, right = _on_film(centre, self.width * reach / 2, width)
        return Window(top, left, bottom - top, right - left)

    def squared(self, tallness: float) -> "Window":
        """Return as much as it is wide, about its middle; `tallness` as of `Reduced`."""
        height = self.width / tallness
        return Window(self.top + (self.height - height) / 2, self.left, height, self.width)

    def within(self, other: "Window") -> "Window":
        """Return as much of it as lies in `other`, which it must overlap."""
        top, left = max(self.top, other.top), max(self.left, other.left)
        bottom = min(self.top + self.height, other.top + other.height)
        right = min(self.left + self.width, other.left + other.width)
        return Window(top, left, bottom - top, right - left)

    def overlap(self, other: "Window") -> float:
        """Return the area of both over the area of either: 0 for apart, 1 for the same."""
        both = self._area_in(other)
        return both / (self.height * self.width + other.height * other.width - both)

    def share_in(self, other: "Window") -> float:
        """Return the share of it that lies in `other`."""
        return self._area_in(other) / (self.height * self.width)

    def shared(self, other: "Window") -> float:
        """Return the area of both over that of the smaller one: 1 where one lies in the other."""
        return max(self.share_in(other), other.share_in(self))

    def _area_in(self, other: "Window") -> float:
        down = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        return max(down, 0) * max(across, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A window as the network sees it.

    Attributes
    ----------
    window : what it shows
    image : (S, S) float32 in [0, 1], 0 where there is no film
    film : (S, S) bool
    top, left, height, width : where in the square the film lies, pixels of the square
    """

    window: Window
    image: np.ndarray
    film: np.ndarray
    top: int
    left: int
    height: int
    width: int

    def to_film(self, box: np.ndarray) -> Window:
        """Return a box ``(4,)`` of this look (centre x, y, half width, height) in film pixels."""
        half = len(self.image) / 2
        down, across = self.window.height / self.height, self.window.width / self.width
        x, y = (half * (box[0] + 1) - self.left, half * (box[1] + 1) - self.top)
        width, height = half * box[2], half * box[3]
        return Window(
            self.window.top + (y - height) * down,
            self.window.left + (x - width) * across,
            2 * height * down,
            2 * width * across,
        )


class Reduced:
    """A film, made small once, to take several looks at."""

    def __init__(self, pixels: np.ndarray, *, tallness: float = 1.0) -> None:
        """Reduce ``(H, W) float32`` in [0, 255]; `tallness` is a pixel's height over its width."""
        self.shape = pixels.shape
        self.tallness = tallness
        self._factor = max(1, max(pixels.shape) // _LARGEST)
        if skipped := self._factor >= 4:
            # Every fourth pixel is enough to average over, and a large film takes long.
            pixels = pixels[::2, ::2]
            self._factor -= self._factor % 2
        image = Image.fromarray(np.ascontiguousarray(pixels, np.float32))
        reduction = self._factor // (2 if skipped else 1)
        self._image = image.reduce(reduction) if reduction > 1 else image

    @property
    def whole(self) -> Window:
        """The window that is all of the film."""
        return Window(0, 0, *self.shape)

    @property
    def small(self) -> np.ndarray:
        """The film as it was made small, ``(H, W) float32`` in [0, 255]."""
        return np.asarray(self._image)

    def in_small(self, window: Window) -> Window:
        """Return where in `small` a window lies."""
        sides = (window.top, window.left, window.height, window.width)
        return Window(*(length / self._factor for length in sides))

    def look(self, window: Window, side: int) -> Look:
        """Return what lies in `window`, letterboxed into a square of `side` pixels."""
        tall, wide = window.height * self.tallness, window.width
        height, width = (max(1, round(side * length / max(tall, wide))) for length in (tall, wide))
        top, left = (side - height) // 2, (side - width) // 2
        edges = np.array(
            [window.left, window.top, window.left + window.width, window.top + window.height]
        )
        edges = edges / self._factor
        limits = np.tile(self._image.size, 2)
        small = self._image.resize(
            (width, height),
            Image.Resampling.BILINEAR,
            box=tuple(np.clip(edges, 0, limits)),
        )
        image, film = np.zeros((side, side), np.float32), np.zeros((side, side), bool)
        image[top : top + height, left : left + width] = np.asarray(small) / 255
        film[top : top + height, left : left + width] = True
        return Look(window, image, film, top, left, height, width)


def _on_film(middle: float, reach: float, limit: int) -> tuple[float, float]:
    low, high = max(middle - reach, 0.0), min(middle + reach, float(limit))
    # Enough to look at, even where a box lies at the very edge.
    if high - low < min(_LEAST, limit):
        low = float(np.clip(middle - _LEAST / 2, 0, max(limit - _LEAST, 0)))
        high = min(low + _LEAST, limit)
    return low, high
