"""What the eye sees: films, heat maps on films, and their encoding for a browser."""

import base64
import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

_MOST_ASPECT = 1_000_000
_HEAD = 33
"""Bytes of a PNG before what may stand between its header and its pixels."""
_STOPS = np.array([0.0, 0.15, 0.4, 0.7, 1.0])
_COLOURS = np.array(
    [[13, 8, 60], [84, 15, 109], [187, 55, 84], [249, 142, 9], [252, 255, 164]], float
)
"""An inferno-like ramp: brightness rises evenly, so it also reads without colour vision."""


def to_uint8(pixels: np.ndarray) -> np.ndarray:
    """Return a film ``(H, W) float in [0, 255]`` as ``(H, W) uint8``, rounded."""
    return np.clip(pixels, 0, 255).round().astype(np.uint8)


def fit_within(pixels: np.ndarray, longest: int) -> np.ndarray:
    """Return the film with its longer side at most `longest` pixels, never enlarged."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    scale = longest / max(image.size)
    if scale >= 1:
        return pixels
    width, height = (max(1, round(length * scale)) for length in image.size)
    return np.asarray(image.resize((width, height), Image.Resampling.BOX))


def png(
    image: np.ndarray,
    about: Mapping[str, str] = MappingProxyType({}),
    *,
    aspect: float = 1.0,
) -> bytes:
    """Return an image ``(H, W[, 2 to 4]) uint8`` or ``(H, W) uint16`` as a PNG, without loss.

    `about` are texts that stand in it under their keywords, `aspect` is the height of a pixel over
    its width. Films have noise in their last bits, which no search for repetitions finds: without
    it a PNG is smaller, and written in less time.
    """
    stream, texts = io.BytesIO(), PngInfo()
    for keyword, text in about.items():
        texts.add_text(keyword, text)
    made = Image.fromarray(np.ascontiguousarray(image))
    made.save(stream, "PNG", compress_level=1, compress_type=zlib.Z_RLE, pnginfo=texts)
    made_png = stream.getvalue()
    if aspect == 1:
        return made_png
    ratio = Fraction(aspect).limit_denominator(_MOST_ASPECT)
    chunk = b"pHYs" + struct.pack(">IIB", ratio.numerator, ratio.denominator, 0)
    # Which Pillow writes in points per inch alone, and rounds.
    whole = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return made_png[:_HEAD] + whole + made_png[_HEAD:]


def png_uri(image: np.ndarray) -> str:
    """Return an image ``(H, W[, 3]) uint8`` as a ``data:image/png`` address."""
    return "data:image/png;base64," + base64.b64encode(png(image)).decode()


def upsample(heatmap: np.ndarray, side: int) -> np.ndarray:
    """Return the map smoothly enlarged to ``(side, side) float32``, never negative."""
    image = Image.fromarray(np.ascontiguousarray(heatmap, np.float32))
    return np.maximum(np.asarray(image.resize((side, side), Image.Resampling.BICUBIC)), 0)


def colour_ramp(strength: np.ndarray) -> np.ndarray:
    """Return the colours ``(..., 3) uint8`` of strengths in [0, 1]."""
    channels = [np.interp(strength, _STOPS, _COLOURS[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


_LINE = 255
"""The level of a contour; below it are those of strength, by their opacity."""


def _colours_of_levels() -> np.ndarray:
    """Return colour and opacity of each level, ``(256, 4) uint8``.

    Opacity rises with the root of strength: levels that are even in it are finest where little
    evidence is.
    """
    opacity = np.linspace(0, 1, _LINE)
    drawn = np.column_stack([colour_ramp(opacity**2), (255 * opacity).round()])
    return np.vstack([drawn, np.full(4, 255)]).astype(np.uint8)


_LEVELS = _colours_of_levels()


def layer(
    heatmap: np.ndarray, *, scale: float, side: int, contours: Sequence[float] = ()
) -> np.ndarray:
    """Return a map ``(7, 7) float32, >= 0`` to lay on a film, ``(side, side, 4) uint8``.

    Its opacity rises with strength, so that weak evidence leaves the film visible; whoever shows it
    lessens it as a whole. `scale` gets the strongest colour. `contours` are shares of it at which a
    white line is drawn.
    """
    return _LEVELS[_levels(heatmap, scale, side, contours)]


def layer_png(
    heatmap: np.ndarray, *, scale: float, side: int, contours: Sequence[float] = ()
) -> bytes:
    """Return what `layer` does as a PNG, which names each colour once: it is sooner written."""
    levels = np.ascontiguousarray(_levels(heatmap, scale, side, contours))
    image = Image.frombytes("P", (side, side), levels.tobytes())
    image.putpalette(_LEVELS[:, :3].tobytes())
    stream = io.BytesIO()
    opacity = _LEVELS[:, 3].tobytes()
    image.save(stream, "PNG", compress_level=1, compress_type=zlib.Z_RLE, transparency=opacity)
    return stream.getvalue()


def _levels(heatmap: np.ndarray, scale: float, side: int, contours: Sequence[float]) -> np.ndarray:
    strength = np.clip(upsample(heatmap, side) / scale, 0, 1)
    levels = ((_LINE - 1) * np.sqrt(strength) + 0.5).astype(np.uint8)
    for share in contours:
        levels[_border(strength >= share)] = _LINE
    return levels


def _border(inside: np.ndarray) -> np.ndarray:
    """Return the cells of a ``(S, S) bool`` region that touch one outside it."""
    core = inside.copy()
    core[1:] &= inside[:-1]
    core[:-1] &= inside[1:]
    core[:, 1:] &= inside[:, :-1]
    core[:, :-1] &= inside[:, 1:]
    return inside & ~core


def colour_bar() -> np.ndarray:
    """Return the colour scale from none to strongest as an image ``(8, 256, 3) uint8``."""
    return np.repeat(colour_ramp(np.linspace(0, 1, 256))[None], 8, axis=0)
