"""Films decoded once: ``<cache>/<split hash>/<source>.films``, mapped into memory read-only.

A file holds the pixels, then as JSON which films they are. Its name follows from where the films
lie, their names, sides, sizes and times, and the code that decodes them: a change to any of these
leads to another name. It is written whole or not at all, and nobody has changed it since: its time
says so.
"""

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache as once
from pathlib import Path
from typing import IO

import numpy as np
import PIL

from kneeoa import films
from kneeoa.errors import DataError, DiskFullError, RadiographError
from kneeoa.files import drop_abandoned, remove, whole_file
from kneeoa.films.frames import Frame, network_input
from kneeoa.films.radiograph import open_radiograph
from kneeoa.graders.locating import localiser
from kneeoa.graders.locating.found import graded_knee
from kneeoa.graders.published import DEFAULT_MODELS
from kneeoa.networks import INPUT_SIDE
from kneeoa.room import real

Progress = Callable[[int, int], None]
"""Is told how many films are done, and of how many."""

Knee = tuple[str, str]
"""A file, and the side of the knee in it that is meant, or an empty text."""

_LAYOUT = 3
_CODE = Path(films.__file__).parents[1]
_DECODERS = (
    *sorted(_CODE.glob("films/**/*.py")),
    *sorted(_CODE.glob("graders/locating/*.py")),
    DEFAULT_MODELS / localiser.FOLDER / "card.json",
)
"""What decides the pixels: a change to any of these files decodes anew."""
_UNTOUCHED = 0
"""The time of a finished file, in ns: whoever writes into it afterwards gives it another."""
_FILM_BYTES = INPUT_SIDE * INPUT_SIDE
_THREADS = 2
"""On 4 cores, 7,432 PNGs of 224 x 224 took 7.6 s in one thread, 5.1 s in two, 5.5 s in four and
5.9 s in four processes, which take long to start."""
_AT_ONCE = 256


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """Films as the graders see them, in the order asked for, without those that cannot be read.

    Attributes
    ----------
    images : (N, 224, 224) uint8, read-only, mapped from the disk
    pixel_hashes : SHA-256 of each image's pixels, N strings
    readable : for each file that was asked for, whether it is among the N
    reasons : why a file cannot be read, by file; by file and side where it is there twice
    refused : for each file, whether it was read and shows no knee that can be graded
    """

    images: np.ndarray
    pixel_hashes: tuple[str, ...]
    readable: tuple[bool, ...]
    reasons: dict[str, str]
    refused: tuple[bool, ...]


def cache_folder() -> Path:
    """Return where decoded films are kept: ``$KNEEOA_CACHE/films``, or the user's cache folder."""
    if chosen := os.environ.get("KNEEOA_CACHE"):
        return Path(chosen).expanduser().absolute() / "films"
    user = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not user.is_absolute():
        try:
            user = Path.home() / ".cache"
        except RuntimeError:
            raise DataError(
                "Expected a home folder to keep decoded films in. There is none: set KNEEOA_CACHE "
                "to a folder that can be written."
            ) from None
    return user / "kneeoa" / "films"


def decode(
    base: Path,
    files: Sequence[str],
    split_hash: str,
    *,
    sides: Sequence[str] | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Decoded:
    """Return the films `files` of the folder `base`, from the cache or into it.

    `sides` says for each file which knee of it is meant: ``"L"``, ``"R"``, or empty where that is
    not known. A file may be there once for either. What reading refuses is not readable here.

    Raises `DataError` when the cache folder cannot be written, `DiskFullError` when its disk is
    full.
    """
    parent = (cache or cache_folder()) / split_hash
    knees = list(zip(files, sides or [""] * len(files), strict=True))
    place, state = _identity(base, knees)
    file = parent / f"{place}-{state}.films"
    kept = _read(file)
    # What could not be read may have been a matter of permission or of a network disk.
    if kept and not any(
        _decode_one(base / name, side)[0] is not None
        for (name, side), *known in zip(knees, kept.readable, kept.refused, strict=True)
        if not any(known)
    ):
        return kept
    with _in_words(parent, len(files) * _FILM_BYTES + 2**20):
        with whole_file(file, durable=True) as stream:
            _write(stream, base, knees, progress)
        os.utime(file, ns=(_UNTOUCHED, _UNTOUCHED))
        if (decoded := _read(file)) is None:
            raise OSError(errno.EIO, "what was written is not what is read")
    drop_abandoned(parent, f".{place}-*")
    for other in set(parent.glob(f"{place}-*")) - {file}:
        remove(other)
    return decoded


def _identity(base: Path, knees: Sequence[Knee]) -> list[str]:
    """Return what names the place of the films and what names their state, in hex."""
    code = hashlib.sha256(f"{_LAYOUT} {INPUT_SIDE} {PIL.__version__}".encode())
    for decider in _DECODERS:
        if decider.exists():
            code.update(decider.read_bytes())
    place = str(real(base))
    state = json.dumps([place, code.hexdigest(), [_stamp(base, *knee) for knee in knees]])
    return [hashlib.sha256(text.encode()).hexdigest()[:12] for text in (place, state)]


def _stamp(base: Path, file: str, side: str) -> tuple[str, str, int, int]:
    try:
        status = os.stat(os.path.join(base, file))  # noqa: PTH116, PTH118 (thousands of files)
    except OSError:
        return file, side, -1, -1
    return file, side, status.st_size, status.st_mtime_ns


def _read(file: Path) -> Decoded | None:
    """Return what `file` holds, or None if it is not there, not whole, or was changed."""
    try:
        with file.open("rb") as stream:
            status = os.fstat(stream.fileno())
            size = int.from_bytes(stream.read(8))
            stream.seek(8 + size)
            rows = json.loads(stream.read())
            readable = tuple(not reason for _, _, reason, _ in rows)
            if status.st_mtime_ns != _UNTOUCHED or size != sum(readable) * _FILM_BYTES:
                return None
            pixels = np.memmap(stream, np.uint8, "r")[8 : 8 + size]
    except (OSError, ValueError, TypeError):
        return None
    return Decoded(
        pixels.reshape(-1, INPUT_SIDE, INPUT_SIDE).view(np.ndarray),
        tuple(digest for _, digest, reason, _ in rows if not reason),
        readable,
        {name: reason for name, _, reason, _ in rows if reason},
        tuple(is_refused for *_, is_refused in rows),
    )


def _write(stream: IO[bytes], base: Path, knees: Sequence[Knee], progress: Progress | None) -> None:
    rows: list[tuple[str, str, str, bool]] = []
    times = Counter(name for name, _ in knees)
    size = 0
    stream.write(bytes(8))
    # Not through a memory map: on a full disk, writing to one kills the process.
    with ThreadPoolExecutor(_THREADS) as pool:
        for first in range(0, len(knees), _AT_ONCE):
            some = knees[first : first + _AT_ONCE]
            decoded = pool.map(lambda knee: _decode_one(base / knee[0], knee[1]), some)
            for (name, side), (image, reason, is_refused) in zip(some, decoded, strict=True):
                pixels = b"" if image is None else image.tobytes()
                size += stream.write(pixels)
                shown = name if times[name] == 1 else f"{name} ({side or 'no side'})"
                rows.append((shown, hashlib.sha256(pixels).hexdigest(), reason, is_refused))
            if progress:
                progress(len(rows), len(knees))
    stream.write(json.dumps(rows).encode())
    stream.seek(0)
    stream.write(size.to_bytes(8))


def _decode_one(path: Path, side: str) -> tuple[np.ndarray | None, str, bool]:
    """Return the image ``(224, 224) uint8`` or None, why it is None, and whether it was read."""
    is_read = False
    try:
        radiograph = open_radiograph(path)
        is_read = True
        height, width = radiograph.pixels.shape
        # A square film is a crop, as published; any other is framed as a reading frames it.
        if height == width:
            frame = Frame.whole(radiograph)
        else:
            located = _localiser().find(radiograph)
            frame = graded_knee(located, side, width).frame
            radiograph = located.to_grade(radiograph)
        return network_input(radiograph, frame).round().astype(np.uint8), "", False
    except RadiographError as error:
        return None, str(error), is_read


@once
def _localiser() -> localiser.Localiser:
    return localiser.Localiser()


@contextlib.contextmanager
def _in_words(parent: Path, needed: int) -> Iterator[None]:
    """Refuse where `needed` bytes are not free in `parent`; say so, too, if they run out."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(parent).free < needed:
            raise DiskFullError
        yield
    except DiskFullError:
        free = shutil.disk_usage(parent).free
        raise DiskFullError(
            f"Expected {needed / 1e6:.0f} MB free for the decoded films in {parent}. "
            f"Free: {free / 1e6:.0f} MB. Free some space, or set KNEEOA_CACHE to a folder on "
            "another disk."
        ) from None
    except OSError as error:
        raise DataError(
            f"Expected to keep the decoded films in {parent}. That failed: {error.strerror}. Set "
            "KNEEOA_CACHE to a folder that can be written."
        ) from None
