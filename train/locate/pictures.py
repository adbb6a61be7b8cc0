"""Pictures that are no frontal knees, read from ``DIR/<kind>/``; some are held out by name."""

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from kneeoa.errors import DataError, KneeOAError
from kneeoa.films.radiograph import Radiograph, open_radiograph

LATERAL_KINDS = ("knee_lateral", "knee_skyline")
STORED = 224
_HELD_OUT = 0.3
_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm")


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Pictures stretched to a square, in the order of their names.

    Attributes
    ----------
    images : (N, 224, 224) uint8
    aspects : (N,) width over height before stretching
    kinds : the folder each lies in
    files : where each was read from
    """

    images: np.ndarray
    aspects: np.ndarray
    kinds: tuple[str, ...]
    files: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.images)

    @property
    def lateral(self) -> np.ndarray:
        """Which are knees from another side, ``(N,) bool``."""
        return np.isin(self.kinds, LATERAL_KINDS)


def held_out(file: Path) -> bool:
    """Return whether a picture is kept apart to measure on; follows from kind and name alone."""
    digest = hashlib.sha256(f"{file.parent.name}/{file.name}".encode()).digest()
    return digest[0] / 256 < _HELD_OUT


def find_pictures(folder: Path) -> list[Path]:
    """Return every picture in the folders of `folder`, sorted."""
    files = [file for kind in sorted(folder.glob("*/")) for file in find_in(kind)]
    if not files:
        raise DataError(
            f"Expected a folder a kind of picture in {folder}, each with PNG, JPEG, TIFF or DICOM "
            "files. Found none."
        )
    return files


def find_in(folder: Path) -> list[Path]:
    """Return the pictures in one folder, sorted; none where there is no such folder."""
    return sorted(file for file in folder.glob("*") if file.suffix.lower() in _SUFFIXES)


def read_films(files: list[Path]) -> list[tuple[Path, Radiograph]]:
    """Return the films in `files`, each with its file; what cannot be read is left out."""
    films = []
    for file in files:
        with contextlib.suppress(KneeOAError):
            films.append((file, open_radiograph(file)))
    return films


def read_pictures(files: list[Path]) -> Pictures:
    """Return the pictures in `files`; what cannot be read is left out."""
    films = read_films(files)
    images = [stretched(film) for _, film in films]
    aspects = [film.pixels.shape[1] / film.pixels.shape[0] for _, film in films]
    kept = [file for file, _ in films]
    return Pictures(
        np.stack(images) if images else np.zeros((0, STORED, STORED), np.uint8),
        np.array(aspects),
        tuple(file.parent.name for file in kept),
        tuple(kept),
    )


def digest_of(*parts: np.ndarray | str) -> str:
    """Return the SHA-256 of some arrays and texts, by which material is told from other."""
    digest = hashlib.sha256()
    for part in parts:
        shape = part if isinstance(part, str) else f"{part.dtype} {part.shape}"
        digest.update(f"{shape}\n".encode())
        if not isinstance(part, str):
            digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()


def stretched(film: Radiograph) -> np.ndarray:
    """Return a film's pixels stretched to ``(224, 224) uint8``."""
    whole = Image.fromarray(film.pixels).resize((STORED, STORED), Image.Resampling.BOX)
    return np.rint(np.clip(np.asarray(whole), 0, 255)).astype(np.uint8)
