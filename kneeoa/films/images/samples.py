"""The samples of an image file, for a PNG without whatever else stands in the file."""

import io

import numpy as np
from PIL import Image

from kneeoa.films.images.decode import as_coloured, refuse_cut
from kneeoa.films.images.storage import begin, upright
from kneeoa.films.limits import Limits

_DEEPEST = 65535


def samples_of(data: bytes, kind: str, limits: Limits) -> tuple[np.ndarray | None, float]:
    """Return the samples of an image, upright, and the height of a pixel over its width.

    They are ``(H, W[, 2 to 4]) uint8`` or ``(H, W) uint16`` such that a PNG of them is read as the
    same film; None of kinds that no PNG holds. Raises whatever Pillow does of a damaged file.
    """
    with Image.open(io.BytesIO(data), formats=[kind]) as opened:
        storage = begin(opened, data, kind, limits)
        opened.load()
        refuse_cut(opened, data, kind)
        image = upright(as_coloured(opened, data))
    if storage.is_deep_colour or image.mode == "F":
        return None, storage.aspect
    if image.mode == "I" or image.mode.startswith("I;16"):
        samples = np.asarray(image)
        fits = not storage.white_is_zero and 0 <= samples.min() <= samples.max() <= _DEEPEST
        is_whole = fits and not image.has_transparency_data
        return (samples.astype(np.uint16, copy=False) if is_whole else None), storage.aspect
    if image.has_transparency_data and image.mode != "LA":
        image = image.convert("RGBA")
    elif image.mode not in ("L", "LA", "RGB"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    samples = np.asarray(image)
    if image.mode == "L" and storage.bits == 8 and storage.is_signed:
        samples = samples ^ np.uint8(128)
    return samples, storage.aspect
