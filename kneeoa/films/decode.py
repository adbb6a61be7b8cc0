"""The bytes of a file -> what a `Radiograph` holds: a task for workers (`kneeoa.films.apart`)."""

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from kneeoa.errors import RadiographError
from kneeoa.films.header import Header
from kneeoa.films.images.decode import decode_image
from kneeoa.films.limits import Limits
from kneeoa.films.shape.border import Border, even_border
from kneeoa.films.shape.whole import whole_notes
from kneeoa.films.smoothness import refuse_noise
from kneeoa.films.square_pixels import make_square

TASK = f"{__name__}.film"


@dataclass(frozen=True, slots=True)
class Described:
    """A film without its arrays.

    Attributes
    ----------
    bits, laterality, spacing, digest, header, notes, lossy_bits, border : as of a `Radiograph`
    window : stored samples that are shown black and white; None where none are stored
    """

    bits: int
    laterality: str | None
    spacing: tuple[float, float] | None
    digest: str
    header: Header
    notes: tuple[str, ...]
    window: tuple[float, float] | None
    lossy_bits: float | None
    border: Border


def film(
    data: bytes, *, kind: str, limits: dict[str, Any]
) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Return a `Described` and the arrays of a film: its pixels, and its stored samples if any.

    Pixels are ``(H, W) float32 in [0, 255]``, or uint8 where these are the same.

    `kind` is what `formats.detect` says. Raises `RadiographError` with the reason where it is no
    film that can be graded.
    """
    bounds = msgspec.convert(limits, Limits)
    if kind == "DICOM":
        from kneeoa.films.dicom.film import decode

        decoded = decode(data, bounds)
    else:
        decoded = decode_image(data, kind, bounds)
    if not np.ptp(decoded.pixels) > 0:
        raise RadiographError(
            "Expected a radiograph. Every pixel of this image has the same value."
        )
    refuse_noise(decoded.pixels)
    notes = whole_notes(decoded.pixels, is_lossy=decoded.lossy_bits is not None)
    decoded = make_square(decoded, bounds)
    stored = decoded.stored
    described = Described(
        bits=decoded.bits,
        laterality=decoded.laterality,
        spacing=decoded.spacing,
        digest=hashlib.sha256(data).hexdigest(),
        header=decoded.header,
        notes=decoded.notes + notes,
        window=None if stored is None else (stored.black, stored.white),
        lossy_bits=decoded.lossy_bits,
        border=even_border(decoded.pixels, is_lossy=decoded.lossy_bits is not None),
    )
    arrays = [_small(np.ascontiguousarray(decoded.pixels, np.float32))]
    arrays += [np.ascontiguousarray(stored.values)] if stored is not None else []
    return msgspec.to_builtins(described), arrays


def _small(pixels: np.ndarray) -> np.ndarray:
    """Return the pixels as bytes, where nothing is lost: a quarter has to be handed over."""
    in_bytes = pixels.astype(np.uint8)
    return in_bytes if np.array_equal(in_bytes, pixels) else pixels
