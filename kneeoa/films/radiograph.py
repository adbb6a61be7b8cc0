"""Bytes -> radiograph: PNG, JPEG, TIFF and DICOM, with a reason for every refusal.

A file is decoded in a worker process, see `kneeoa.films.apart`: one that makes its decoder loop,
swell or crash is refused like any other.

Grey values: a DICOM file's own window is used where it has one. Other films of 8 bits pass
unchanged, because the graders learned from raw 8-bit films; deeper ones go through `window`.
Pixels that are not square are made square.
"""

import stat
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np

from kneeoa.errors import RadiographError
from kneeoa.files import converted
from kneeoa.films.apart.pool import workers
from kneeoa.films.decode import TASK, Described
from kneeoa.films.formats import detect
from kneeoa.films.grey import window
from kneeoa.films.header import NO_HEADER, Header
from kneeoa.films.limits import DEFAULT_LIMITS, Limits
from kneeoa.films.shape.border import NO_BORDER, Border
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
    lossy_bits : bits that a lossy compression left of each pixel; None where nothing was lost, or
        nothing is known of it
    border : pixels above, to the right, below and to the left that are an even border, and no film
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
    lossy_bits: float | None = None
    border: Border = NO_BORDER

    def without_border(self) -> "Radiograph":
        """Return the film alone, as it is where it has no border; to look at, without `stored`.

        All that a compression left counts as the film's, though some of it, mostly little, is of
        its border: these bits are the most that it has, and no good film has too few.
        """
        if self.border == NO_BORDER:
            return self
        film = self.pixels[self.inside]
        bits = self.lossy_bits
        if bits is not None:
            bits *= self.pixels.size / film.size
        return replace(self, pixels=film, stored=None, lossy_bits=bits, border=NO_BORDER)

    @property
    def inside(self) -> tuple[slice, slice]:
        """Rows and columns that are film."""
        height, width = self.pixels.shape
        top, right, bottom, left = self.border
        return slice(top, height - bottom), slice(left, width - right)


def open_radiograph(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Radiograph:
    """Read a file; raise `RadiographError` with the reason if it is no film that can be graded."""
    try:
        about = path.stat()
        if not (stat.S_ISREG(about.st_mode) or path.is_dir()):
            raise RadiographError(
                "Expected a file. This is a pipe or a device, which can be read only once: save "
                "the film as a file, and name that."
            )
        limits.check_bytes(about.st_size)
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
    answer = workers().run(TASK, data, kind=kind, limits=msgspec.to_builtins(limits))
    described = converted(answer.facts, Described)
    pixels, *stored = answer.arrays
    pixels = pixels.astype(np.float32, copy=False)
    pixels.setflags(write=False)
    return Radiograph(
        name=name.replace("\\", "/").rsplit("/", 1)[-1],
        pixels=pixels,
        source=kind,
        bits=described.bits,
        laterality=described.laterality,
        spacing=described.spacing,
        digest=described.digest,
        header=described.header,
        notes=described.notes,
        stored=StoredValues(stored[0], *described.window) if stored and described.window else None,
        lossy_bits=described.lossy_bits,
        border=described.border,
    )
