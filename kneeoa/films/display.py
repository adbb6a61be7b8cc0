"""What the eye sees: windowed films, heat maps on films, and their encoding for a browser."""

import base64
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

import numpy as np
from PIL import Image

_MOST_ASPECT = 1_000_000
_GREY, _COLOUR = {1: 0, 2: 4}, {3: 2, 4: 6}
"""Kinds of pictures in a PNG, by samples of a pixel."""
_LESS_THE_ONE_ABOVE = 2
"""How rows are written: less the row above, of which each byte is compressed alone."""
_ROWS_AT_ONCE = 256
_STOPS = np.array([0.0, 0.15, 0.4, 0.7, 1.0])
_COLOURS = np.array(
    [[13, 8, 60], [84, 15, 109], [187, 55, 84], [249, 142, 9], [252, 255, 164]], float
)
"""An inferno-like ramp: brightness rises evenly, so it also reads without colour vision."""


def windowed(
    pixels: np.ndarray, *, low: float = 0.0, high: float = 255.0, invert: bool = False
) -> np.ndarray:
    """Return ``(H, W) uint8``: grey values from `low` to `high` spread over black to white.

    `pixels` is ``(H, W) float in [0, 255]``. A window of no width is taken as one grey value wide.
    The window is for the eye only; the graders always see the whole range.
    """
    spread = np.clip((pixels - low) * (255.0 / max(high - low, 1.0)), 0, 255)
    grey = spread.round().astype(np.uint8)
    return 255 - grey if invert else grey


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

    `about` are texts of ASCII that stand in it under their keywords, `aspect` is the height of a
    pixel over its width.

    Films have noise in their last bits, which no search for repetitions finds: without it a PNG is
    no larger and is written in a fifth of the time that Pillow takes.
    """
    height, width, *several = image.shape
    samples = several[0] if several else 1
    kind = (_GREY | _COLOUR)[samples]
    depth = 8 * image.dtype.itemsize
    parts = [_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))]
    if aspect != 1:
        ratio = Fraction(aspect).limit_denominator(_MOST_ASPECT)
        parts += [_chunk(b"pHYs", struct.pack(">IIB", ratio.numerator, ratio.denominator, 0))]
    for keyword, text in about.items():
        parts += [_chunk(b"tEXt", f"{keyword}\0{text}".encode("ascii"))]
    parts += [_chunk(b"IDAT", pixels) for pixels in _compressed(image) if pixels]
    return b"\x89PNG\r\n\x1a\n" + b"".join([*parts, _chunk(b"IEND", b"")])


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(content, zlib.crc32(name))
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def _compressed(image: np.ndarray) -> Iterator[bytes]:
    """Yield the rows of an image as they stand in a PNG."""
    packed = zlib.compressobj(1, strategy=zlib.Z_RLE)
    above: np.ndarray | int = 0
    for start in range(0, len(image), _ROWS_AT_ONCE):
        some = np.ascontiguousarray(image[start : start + _ROWS_AT_ONCE])
        some = some.astype(some.dtype.newbyteorder(">"), copy=False)
        some = some.reshape(len(some), -1).view(np.uint8)
        rows = np.empty((len(some), some.shape[1] + 1), np.uint8)
        rows[:, 0] = _LESS_THE_ONE_ABOVE
        rows[0, 1:] = some[0] - above
        np.subtract(some[1:], some[:-1], out=rows[1:, 1:])
        above = some[-1]
        yield packed.compress(rows.data)
    yield packed.flush()


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


def layer(
    heatmap: np.ndarray, *, scale: float, side: int, contours: Sequence[float] = ()
) -> np.ndarray:
    """Return a map ``(7, 7) float32, >= 0`` to lay on a film, ``(side, side, 4) uint8``.

    Its opacity rises with strength, so that weak evidence leaves the film visible; whoever shows it
    lessens it as a whole. `scale` gets the strongest colour. `contours` are shares of it at which a
    white line is drawn.
    """
    strength = np.clip(upsample(heatmap, side) / scale, 0, 1)
    opacity = (255 * np.sqrt(strength)).round().astype(np.uint8)
    drawn = np.concatenate([colour_ramp(strength), opacity[..., None]], axis=-1)
    for share in contours:
        drawn[_border(strength >= share)] = 255
    return drawn


def _border(inside: np.ndarray) -> np.ndarray:
    """Return the cells of a ``(S, S) bool`` region that touch one outside it."""
    core = inside.copy()
    core[1:] &= inside[:-1]
    core[:-1] &= inside[1:]
    core[:, 1:] &= inside[:, :-1]
    core[:, :-1] &= inside[:, 1:]
    return inside & ~core


def colour_bar(width: int = 256) -> np.ndarray:
    """Return the colour scale from none to strongest as an image ``(8, width, 3) uint8``."""
    return np.repeat(colour_ramp(np.linspace(0, 1, width))[None], 8, axis=0)
