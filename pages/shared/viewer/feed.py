"""What the viewer is told of a film: pixels and maps as files, everything else as small data."""

import hashlib
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np

from kneeoa.films import display
from kneeoa.films.frames import Frame
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders import gradcam
from kneeoa.graders.grading import Reading
from kneeoa.jointspace import believed, words
from kneeoa.networks import DISPLAY_NAME

MAP_SIDE = 224
DEEP_WHITE = 65535
"""White of a film deeper than 8 bits whose samples came through a table."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A map that lies on a film.

    Attributes
    ----------
    name : as the reader knows it
    png : its colours as a PNG, transparent where there is nothing to see
    frame : the part of the film that it lies on
    """

    name: str
    png: bytes = field(repr=False)
    frame: Frame


@dataclass(frozen=True, slots=True)
class Mark:
    """A line on a film.

    Attributes
    ----------
    points : (x, y) in pixels of the film, be it reduced or not; the first pixel's middle is at 0.5
    kind : ``"measured"`` from one edge to another, or ``"edge"``
    label : its words
    """

    points: tuple[tuple[float, float], ...]
    kind: Literal["measured", "edge"] = "edge"
    label: str = ""

    def data(self, scale: float) -> dict[str, Any]:
        """Return the line as the viewer takes it, of a film that was reduced by `scale`."""
        points = [[x * scale, y * scale] for x, y in self.points]
        return {"points": points, "kind": self.kind, "label": self.label}


@dataclass(frozen=True, slots=True)
class FilmFeed:
    """A film as the viewer takes it.

    Attributes
    ----------
    film_id : the same for the same pixels of the same spacing, another one for any others
    pixels : the samples row by row, little-endian
    type : ``"uint8"``, ``"uint16"`` or ``"int16"``
    height, width : in pixels
    window : the samples that are shown darkest and brightest at first
    inverse : whether the lower end of the window is white
    spacing : (row, column) mm per pixel, where known
    where : where these are true ones if not in the knee, such as ``" at detector"``, or empty
    scale : pixels of these a pixel of the film: less than 1 where it was reduced
    """

    film_id: str
    pixels: bytes = field(repr=False)
    type: str
    height: int
    width: int
    window: tuple[float, float]
    inverse: bool
    spacing: tuple[float, float] | None
    scale: float = 1.0
    where: str = ""

    def of_knee(self, frame: Frame) -> "FilmFeed":
        """Return it as the knee in `frame`, in pixels of the film, is measured on it.

        That is in pixels alone where the millimetres of the file are no knee's.
        """
        down, across = self.spacing or (1.0, 1.0)
        if not self.spacing or believed.spacing_in(frame, (down * self.scale, across * self.scale)):
            return self
        return replace(self, spacing=None, where="", film_id=f"{self.film_id}_in_pixels")


def film_feed(radiograph: Radiograph, *, longest: int | None = None) -> FilmFeed:
    """Return what the viewer shows of a film: the stored samples where it has deeper ones.

    `longest` bounds the longer side, in pixels, for those who need less than every detail.
    """
    values, black, white = _samples(radiograph)
    spacing, scale = radiograph.spacing, 1.0
    if longest is not None and longest < max(values.shape):
        kind, scale = values.dtype, longest / max(values.shape)
        reduced = display.fit_within(values.astype(np.float32), longest)
        values = np.asarray(reduced).round().astype(kind)
        spacing = spacing and (spacing[0] / scale, spacing[1] / scale)
    height, width = values.shape
    pixels = values.astype(values.dtype.newbyteorder("<")).tobytes()
    # Not the digest of the file: a film that was turned is another one to look at.
    content = hashlib.sha256(pixels).hexdigest()[:32]
    where = words.on_film(radiograph.header.spacing_from) if spacing else ""
    millimetres = "x".join(f"{side:g}" for side in spacing or ()) + where.replace(" ", "_")
    return FilmFeed(
        film_id=f"{content}_{width}_{black:.0f}_{white:.0f}_{millimetres}",
        pixels=pixels,
        type=str(values.dtype),
        height=height,
        width=width,
        window=(min(black, white), max(black, white)),
        inverse=black > white,
        spacing=spacing,
        scale=scale,
        where=where,
    )


def _samples(radiograph):
    stored = radiograph.stored
    if stored is not None:
        return stored.values, stored.black, stored.white
    if radiograph.bits <= 8:
        return radiograph.pixels.round().astype(np.uint8), 0.0, 255.0
    deep = (radiograph.pixels * (DEEP_WHITE / 255)).round().astype(np.uint16)
    return deep, 0.0, float(DEEP_WHITE)


def layer_of(
    reading: Reading, frame: Frame, heatmap: np.ndarray, *, scale: float, contours: bool = True
) -> Layer:
    """Return a network's map as a layer; `scale` gets the strongest colour.

    `heatmap` is ``(7, 7)`` with a line at each of `gradcam.CONTOURS`, or one of single pixels.
    """
    shares = gradcam.CONTOURS if contours else ()
    drawn = display.layer_png(heatmap, scale=scale, side=MAP_SIDE, contours=shares)
    return Layer(DISPLAY_NAME[reading.architecture], drawn, frame)


def rectangle(frame: Frame, scale: float = 1.0) -> dict[str, float]:
    """Return a frame as the viewer counts, times `scale` for a film that was reduced."""
    sides = asdict(frame)
    return {side: sides[side] * scale for side in ("left", "top", "width", "height")}


def frame_from(moved: dict[str, Any], name: str) -> Frame:
    """Return the frame that the viewer tells of."""
    sides = {side: round(moved[side]) for side in ("top", "left", "height", "width")}
    return Frame(**sides, name=name)
