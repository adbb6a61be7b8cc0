"""The pictures of a report: the film with its box, and each network's map on what is in the box."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from kneeoa.films import display
from kneeoa.films.frames import Frame, square
from kneeoa.films.radiograph import Radiograph
from kneeoa.graders import gradcam
from kneeoa.graders.grading import Graders, Reading
from kneeoa.networks import DISPLAY_NAME
from kneeoa.reports.making import Read

BOX_COLOUR = (72, 190, 206)
LONGEST = 1400
"""Pixels of a film's longer side in a report."""
_MAP_SIDE = 448
_OPACITY = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class MapPicture:
    """One network's map: its name, what it shows in words, and the picture (H, W, 3) uint8."""

    name: str
    told: str
    picture: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """What a report shows: the film with the box on it, (H, W, 3) uint8, and the maps."""

    film: np.ndarray
    maps: tuple[MapPicture, ...]


def pictures_of(read: Read, graders: Graders) -> Pictures:
    """Return the pictures of a reading, each map on a colour scale of its own."""
    usual = {name: model.card["evidence_scale"] for name, model in graders.published.items()}
    maps = tuple(
        _map(read.radiograph, read.frame, reading, usual[reading.architecture])
        for reading in read.readings
    )
    return Pictures(boxed(read.radiograph, read.frame), maps)


def boxed(radiograph: Radiograph, frame: Frame, longest: int = LONGEST) -> np.ndarray:
    """Return the film with `frame` on it, at most `longest` pixels long, (H, W, 3) uint8."""
    grey = display.to_uint8(display.fit_within(radiograph.pixels, longest))
    scale = grey.shape[0] / radiograph.pixels.shape[0]
    image = Image.fromarray(grey).convert("RGB")
    width = max(2, round(max(image.size) / 400))
    # Of a box that reaches past the film, what is on the film.
    left, top = (max(0, round(scale * side)) for side in (frame.left, frame.top))
    right = min(image.width, round(scale * (frame.left + frame.width))) - 1
    bottom = min(image.height, round(scale * (frame.top + frame.height))) - 1
    if right > left and bottom > top:
        ImageDraw.Draw(image).rectangle((left, top, right, bottom), None, BOX_COLOUR, width)
    return np.asarray(image)


def _map(radiograph: Radiograph, frame: Frame, reading: Reading, usual: float) -> MapPicture:
    heatmap = gradcam.grad_cam(reading.evidence, reading.said)
    peak = float(heatmap.max())
    scale = gradcam.own_scale(peak, usual)
    layer = display.layer(heatmap, scale=scale, side=_MAP_SIDE, contours=gradcam.CONTOURS)
    film = square(radiograph, frame, _MAP_SIDE)
    opacity = (layer[..., 3:] / 255) * _OPACITY
    laid = film[..., None] * (1 - opacity) + layer[..., :3] * opacity
    picture = Image.fromarray(laid.round().clip(0, 255).astype(np.uint8))
    shape = _as_tall(frame)
    evidence = gradcam.in_words(peak, usual, as_published=reading.profile is None)
    caption = f"Grad-CAM for {reading.said.label}: {evidence}"
    return MapPicture(
        DISPLAY_NAME[reading.architecture],
        caption,
        np.asarray(picture.resize(shape, Image.Resampling.BICUBIC)),
    )


def _as_tall(frame: Frame) -> tuple[int, int]:
    """Return width and height of a picture in the frame's proportions."""
    scale = _MAP_SIDE / max(frame.height, frame.width)
    return max(1, round(scale * frame.width)), max(1, round(scale * frame.height))
