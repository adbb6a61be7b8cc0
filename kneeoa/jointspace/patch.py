"""The part of a film in which the joint space is measured, always as large, and copies of it."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from kneeoa.films.frames import Frame

SIDE = 320
"""Pixels of a patch for the side of a frame: half a pixel of most films of one knee."""
MARGIN = 0.10
"""Of the frame's side, on each side of it: a copy that is turned needs what lies around."""
_BEYOND = 48
"""Pixels around a patch, for copies that reach past it."""


@dataclass(frozen=True, slots=True)
class Change:
    """How a copy differs from its patch.

    Attributes
    ----------
    across, down : shift, pixels of the patch
    turn : degrees
    scale : 1 is as large
    noise : standard deviation of what is added to each pixel, grey values
    """

    across: float = 0.0
    down: float = 0.0
    turn: float = 0.0
    scale: float = 1.0
    noise: float = 0.0


AS_IT_IS = Change()


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """What lies in a frame and a little around it.

    Attributes
    ----------
    image : (H, W) float32 in [0, 255]
    scale : pixels of the patch a pixel of the film
    left, top : of its corner, pixels of the film
    """

    image: np.ndarray
    scale: float
    left: float
    top: float

    def copies(self, changes: list[Change], generator: np.random.Generator) -> np.ndarray:
        """Return a copy for each change, ``(copies, H, W) float32``."""
        return np.stack([self._copy(change, generator) for change in changes])

    def _copy(self, change: Change, generator: np.random.Generator) -> np.ndarray:
        image = self.image
        if change != Change(noise=change.noise):
            (a, b, c), (d, e, f) = self._back(change)
            # Past the border its edge goes on, as in a patch; a black corner would be an edge.
            image = np.pad(image, _BEYOND, mode="edge")
            rows = (a, b, c + _BEYOND, d, e, f + _BEYOND)
            turned = Image.fromarray(image).transform(
                self.image.shape[::-1], Image.Transform.AFFINE, rows, Image.Resampling.BICUBIC
            )
            image = np.asarray(turned)
        if change.noise:
            image = image + generator.normal(0, change.noise, image.shape).astype(np.float32)
        return image

    def on_film(self, points: np.ndarray, change: Change = AS_IT_IS) -> np.ndarray:
        """Return ``(..., 2)`` points (x, y) of a copy as points of the film.

        Of both, the middle of the first pixel is at 0.5.
        """
        back = self._back(change)
        on_patch = points @ back[:, :2].T + back[:, 2]
        return on_patch / self.scale + np.array([self.left, self.top])

    def _back(self, change: Change) -> np.ndarray:
        """Return the affine map from a copy to the patch, ``(2, 3) float``."""
        height, width = self.image.shape
        angle = np.deg2rad(change.turn)
        cosine, sine = np.cos(angle) / change.scale, np.sin(angle) / change.scale
        middle = np.array([width / 2, height / 2])
        linear = np.array([[cosine, sine], [-sine, cosine]])
        shift = middle - linear @ (middle + np.array([change.across, change.down]))
        return np.column_stack([linear, shift])


def patch_of(pixels: np.ndarray, frame: Frame) -> Patch:
    """Return the patch of `frame` on a film ``(H, W) float32``; past its border, its edge goes on.

    Lengths keep their proportions, whatever the frame's.
    """
    side = (frame.height * frame.width) ** 0.5
    scale, around = SIDE / side, MARGIN * side
    left, top = frame.left - around, frame.top - around
    right, bottom = frame.left + frame.width + around, frame.top + frame.height + around
    inside = (
        slice(max(0, int(top)), max(0, int(np.ceil(bottom)))),
        slice(max(0, int(left)), max(0, int(np.ceil(right)))),
    )
    part = np.ascontiguousarray(pixels[inside], np.float32)
    height, width = part.shape
    x, y = left - inside[1].start, top - inside[0].start
    beyond = int(np.ceil(max(0, -x, -y, right - left + x - width, bottom - top + y - height))) + 1
    image = Image.fromarray(np.pad(part, beyond, mode="edge"))
    size = round((right - left) * scale), round((bottom - top) * scale)
    box = (x + beyond, y + beyond, x + beyond + right - left, y + beyond + bottom - top)
    shown = image.resize(size, Image.Resampling.BICUBIC, box=box)
    return Patch(np.asarray(shown), scale, left, top)


def noise_of(image: np.ndarray) -> float:
    """Return the standard deviation of a patch's noise, grey values.

    From second differences, which smooth parts of a film hardly have (Immerkaer 1996, Comput Vis
    Image Underst 64, 300-302), by their median, which edges do not move.
    """
    rows = image[1:-1, :-2] - 2 * image[1:-1, 1:-1] + image[1:-1, 2:]
    return float(np.median(np.abs(rows)) / 0.6745 / 6**0.5)
