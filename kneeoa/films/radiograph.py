"""Bytes -> radiograph: PNG, JPEG, TIFF and DICOM, with a reason for every refusal.

Grey values: a DICOM file's own window is used where it has one. Other films of 8 bits pass
unchanged, because the graders learned from raw 8-bit films; deeper ones go through `window`.
Pixels that are not square are made square.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kneeoa.errors import RadiographError
from kneeoa.films.formats import detect
from kneeoa.films.grey import window
from kneeoa.films.header import NO_HEADER, Header
from kneeoa.films.images import decode_image
from kneeoa.films.limits import DEFAULT_LIMITS, Limits
from kneeoa.films.smoothness import refuse_noise
from kneeoa.films.square_pixels import make_square
from kneeoa.films.stored import StoredValues

__all__ = ["Header", "Limits", "Radiograph", "open_radiograph", "read_radiograph", "window"]


@dataclass(frozen=True, slots=True, eq=False)
class Radiograph:
    """A decoded film.

    Attributes
    ----------
    name : file name as given, without folders
    pixels : (H, W) float32 in [0, 255], read-only; bright = dense (bone is bright)
    source : ``"PNG"``, ``"JPEG"``, ``"TIFF"`` or ``"DICOM"``
    bits : bits of the stored samples
    laterality : ``"L"`` or ``"R"`` where a DICOM file says so; never guessed from the name
    spacing : (row, column) mm per pixel of `pixels` where a DICOM file says so
    digest : SHA-256 of the file's bytes, in hex
    header : what a DICOM file says it shows; empty for others
    notes : sentences that a reader of this film must know, mostly none
    stored : the samples of a film deeper than 8 bits, of the size of `pixels`; else None
    """

    name: str
    pixels: np.ndarray
    source: str
    bits: int
    laterality: str | None
    spacing: tuple[float, float] | None
    digest: str
    header: Header = NO_HEADER
    notes: tuple[str, ...] = ()
    stored: StoredValues | None = None


def open_radiograph(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Radiograph:
    """Read a file; raise `RadiographError` with the reason if it is no film that can be graded."""
    try:
        limits.check_bytes(path.stat().st_size)
        data = path.read_bytes()
    except OSError as error:
        raise RadiographError(f"The file cannot be opened: {error.strerror}.") from None
    return read_radiograph(data, path.name, limits=limits)


def read_radiograph(data: bytes, name: str, *, limits: Limits = DEFAULT_LIMITS) -> Radiograph:
    """Decode the bytes of a file; raise `RadiographError` with the reason if that cannot be done.

    The format is told by content, not by name. Nothing is written or logged.
    """
    limits.check_bytes(len(data))
    kind = detect(data)
    if kind == "DICOM":
        from kneeoa.films.dicom.film import decode

        film = decode(data, limits)
    else:
        film = decode_image(data, kind, limits)
    if not np.ptp(film.pixels) > 0:
        raise RadiographError(
            "Expected a radiograph. Every pixel of this image has the same value."
        )
    refuse_noise(film.pixels)
    film = make_square(film, limits)
    pixels = np.ascontiguousarray(film.pixels, np.float32)
    pixels.setflags(write=False)
    return Radiograph(
        name=name.replace("\\", "/").rsplit("/", 1)[-1],
        pixels=pixels,
        source=kind,
        bits=film.bits,
        laterality=film.laterality,
        spacing=film.spacing,
        digest=hashlib.sha256(data).hexdigest(),
        header=film.header,
        notes=film.notes,
        stored=film.stored,
    )
