"""Colours of 16 bits -> grey values. Pillow keeps the upper byte of such samples alone.

A film of 12 bits is black in it. Read a second time in the other byte order, Pillow gives the lower
one.
"""

import io
import sys

import numpy as np
from PIL import Image

from kneeoa.films.colours.kinds import in_rgb
from kneeoa.films.grey import colour_notes, to_grey, transparency_notes, window
from kneeoa.films.images.storage import Storage, upright

_WHITE = 65535
_OTHER_BYTE = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}


def deep_colour(data: bytes, kind: str, storage: Storage) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return a colour image of 16 bits, ``(H, W) in [0, 255]``, windowed as grey, and notes on it.

    Transparent pixels are shown on black.
    """
    colours, alpha = _samples(data, kind, storage)
    colours = in_rgb(colours, says_luma=False)
    grey = to_grey(colours)
    white = max(1, int(colours.max()))
    notes = colour_notes(colours, white)
    notes += transparency_notes((alpha >> 8).astype(np.uint8), grey, white)
    shown = window(grey, ignore=None if alpha.all() else alpha == 0)
    return shown * (alpha / np.float32(_WHITE)), notes


def _samples(data: bytes, kind: str, storage: Storage) -> tuple[np.ndarray, np.ndarray]:
    """Return colours ``(H, W, 3) uint16``, and how opaque the pixels are, ``(H, W) uint16``."""
    mode = storage.raw_mode
    if mode.startswith("LA"):
        in_bytes, _ = _decoded_as(data, kind, storage.page, "RGBA")
        grey, alpha = np.moveaxis(in_bytes.view(">u2"), -1, 0)
        return np.stack([grey] * 3, axis=-1).astype(np.uint16), alpha.astype(np.uint16)
    # As they stand: Pillow divides colours that are multiplied by their alpha in bytes.
    mode = mode.replace("RGBa", "RGBA")
    high, clear = _decoded_as(data, kind, storage.page, mode)
    low, _ = _decoded_as(data, kind, storage.page, mode[:-1] + _OTHER_BYTE[mode[-1]])
    samples = high.astype(np.uint16) << 8 | low
    colours = samples[..., :3]
    if mode.startswith("RGBA"):
        alpha = samples[..., 3]
    elif clear is not None:
        alpha = np.where((colours == clear).all(axis=-1), 0, _WHITE).astype(np.uint16)
    else:
        alpha = np.full(colours.shape[:2], _WHITE, np.uint16)
    if storage.raw_mode.startswith("RGBa"):
        whole = colours.astype(np.float64) * _WHITE / np.maximum(alpha, 1)[..., None]
        colours = whole.round().clip(0, _WHITE).astype(np.uint16)
    return colours, alpha


def _decoded_as(
    data: bytes, kind: str, page: int, mode: str
) -> tuple[np.ndarray, tuple[int, ...] | None]:
    """Return the bytes of an image ``(H, W, C) uint8`` by a raw mode, and what is transparent."""
    with Image.open(io.BytesIO(data), formats=[kind]) as image:
        image.seek(page)
        image.tile = [
            t._replace(args=mode if isinstance(t.args, str) else (mode, *(t.args or ())[1:]))
            for t in image.tile
        ]
        image.load()
        return np.array(upright(image)), image.info.get("transparency")
