"""Films decoded once: ``<cache>/<split hash>/<source>/films.npy``, mapped into memory read-only.

The name of the innermost folder follows from where the films lie, their names, sizes and times, and
the code that decodes them, so that what is found under it is valid and is never replaced: a change
to any of these leads to another name. It is written beside and renamed, whole or not at all.
"""

import contextlib
import csv
import errno
import hashlib
import json
import os
import shutil
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
from kneeoa.files import drop_abandoned, whole_folder
from kneeoa.films.frames import Frame, network_input
from kneeoa.films.radiograph import open_radiograph
from kneeoa.graders.locating import localiser, looks
from kneeoa.graders.published import DEFAULT_MODELS
from kneeoa.networks import INPUT_SIDE

Progress = Callable[[int, int], None]
"""Is told how many films are done, and of how many."""

_LAYOUT = 1
_DECODERS = (
    *sorted(Path(films.__file__).parent.rglob("*.py")),
    *(Path(module.__file__) for module in (localiser, looks)),
    DEFAULT_MODELS / localiser.FOLDER / "card.json",
)
"""What decides the pixels: a change to any of these files decodes anew."""
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
    reasons : why a file cannot be read, by file
    """

    images: np.ndarray
    pixel_hashes: tuple[str, ...]
    readable: tuple[bool, ...]
    reasons: dict[str, str]


def cache_folder() -> Path:
    """Return where decoded films are kept: ``$KNEEOA_CACHE/films``, or the user's cache folder."""
    if chosen := os.environ.get("KNEEOA_CACHE"):
        return Path(chosen).expanduser().absolute() / "films"
    user = os.environ.get("XDG_CACHE_HOME", "")
    if not Path(user).is_absolute():
        try:
            user = Path.home() / ".cache"
        except RuntimeError:
            raise DataError(
                "Expected a home folder to keep decoded films in. There is none: set KNEEOA_CACHE "
                "to a folder that can be written."
            ) from None
    return Path(user) / "kneeoa" / "films"


def decode(
    base: Path,
    files: Sequence[str],
    split_hash: str,
    *,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Decoded:
    """Return the films `files` of the folder `base`, from the cache or into it.

    Raises `DataError` when the cache folder cannot be written, `DiskFullError` when its disk is
    full.
    """
    parent = (cache or cache_folder()) / split_hash
    root, digest = _identity(base, files)
    folder = parent / f"{root}-{digest}"
    found = _read(folder, files)
    # What could not be read may have been a matter of permission or of a network disk.
    if found and not any(_decode_one(base / file)[0] is not None for file in found.reasons):
        return found
    with _in_words(parent, len(files)):
        _make_room(parent, len(files))
        try:
            with whole_folder(folder) as beside:
                _write(beside, base, files, progress)
                # Mapped before it gets its name, it stays readable whatever other processes do.
                decoded = _read(beside, files)
                if decoded is None:
                    raise OSError(errno.EIO, "what was written is not what is read")
                if folder.exists() and (found or not _read(folder, files)):
                    shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            # Another process has been faster: what it put there is as good.
            if not folder.is_dir():
                raise
    drop_abandoned(parent, f".{root}-*")
    for other in parent.glob(f"{root}-*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return decoded


def _identity(base: Path, files: Sequence[str]) -> list[str]:
    """Return what names the place of the films and what names their state, in hex."""
    code = hashlib.sha256(f"{_LAYOUT} {INPUT_SIDE} {PIL.__version__}".encode())
    for decider in _DECODERS:
        if decider.exists():
            code.update(decider.read_bytes())
    place = str(base.resolve())
    state = json.dumps([place, code.hexdigest(), [_stamp(base, file) for file in files]])
    return [hashlib.sha256(text.encode()).hexdigest()[:12] for text in (place, state)]


def _stamp(base: Path, file: str) -> tuple[str, int, int]:
    try:
        status = os.stat(os.path.join(base, file))  # noqa: PTH116, PTH118 (thousands of files)
    except OSError:
        return file, -1, -1
    return file, status.st_size, status.st_mtime_ns


def _read(folder: Path, files: Sequence[str]) -> Decoded | None:
    """Return what `folder` holds, or None if it is not there or not whole."""
    try:
        with (folder / "films.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        written = json.loads((folder / "films.json").read_text("utf-8"))
        status = (folder / "films.npy").stat()
        if [row["file"] for row in rows] != list(files):
            return None
        # Whoever changes the file afterwards, even in the middle, changes one of these.
        if written != {"bytes": status.st_size, "mtime_ns": status.st_mtime_ns}:
            return None
        images = np.load(folder / "films.npy", mmap_mode="r", allow_pickle=False)
        readable = tuple(not row["unreadable"] for row in rows)
        if images.dtype != np.uint8 or images.shape != (sum(readable), INPUT_SIDE, INPUT_SIDE):
            return None
        return Decoded(
            images.view(np.ndarray),
            tuple(row["pixels_sha256"] for row in rows if not row["unreadable"]),
            readable,
            {row["file"]: row["unreadable"] for row in rows if row["unreadable"]},
        )
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        return None


def _write(folder: Path, base: Path, files: Sequence[str], progress: Progress | None) -> None:
    rows = []
    with (folder / "films.npy").open("wb") as stream, ThreadPoolExecutor(_THREADS) as pool:
        # Not through a memory map: on a full disk, writing to one kills the process.
        start = _header(stream, len(files))
        for first in range(0, len(files), _AT_ONCE):
            some = files[first : first + _AT_ONCE]
            for file, (image, reason) in zip(
                some, pool.map(_decode_one, [base / file for file in some]), strict=True
            ):
                digest = ""
                if image is not None:
                    stream.write(image.data)
                    digest = hashlib.sha256(image.data).hexdigest()
                rows.append((file, digest, reason))
            if progress:
                progress(len(rows), len(files))
        stream.seek(0)
        if _header(stream, sum(not reason for _, _, reason in rows)) != start:
            raise RuntimeError("NumPy's header changed its length with the number of films")
        stream.flush()
        os.fsync(stream.fileno())
    with (folder / "films.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("file", "pixels_sha256", "unreadable"))
        writer.writerows(rows)
    status = (folder / "films.npy").stat()
    written = {"bytes": status.st_size, "mtime_ns": status.st_mtime_ns}
    (folder / "films.json").write_text(json.dumps(written), "utf-8")


def _header(stream: IO[bytes], count: int) -> int:
    shape = (count, INPUT_SIDE, INPUT_SIDE)
    described = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, described)
    return stream.tell()


def _decode_one(path: Path) -> tuple[np.ndarray | None, str]:
    """Return the image ``(224, 224) uint8`` or None, and why it is None."""
    try:
        radiograph = open_radiograph(path)
        height, width = radiograph.pixels.shape
        # A square film is a crop, as published; any other is framed as a reading frames it.
        whole = height == width
        frame = Frame.whole(radiograph) if whole else _localiser().find(radiograph).frames[0]
        return network_input(radiograph, frame).round().astype(np.uint8), ""
    except RadiographError as error:
        return None, str(error)


@once
def _localiser() -> localiser.Localiser:
    return localiser.Localiser()


def _make_room(parent: Path, count: int) -> None:
    parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(parent).free < _needed(count):
        raise DiskFullError


def _needed(count: int) -> int:
    return count * _FILM_BYTES + 2**20


@contextlib.contextmanager
def _in_words(parent: Path, count: int) -> Iterator[None]:
    try:
        yield
    except DiskFullError:
        place = next(folder for folder in (parent, *parent.parents) if folder.exists())
        free = shutil.disk_usage(place).free
        raise DiskFullError(
            f"Expected {_needed(count) / 1e6:.0f} MB free for the decoded films in {parent}. "
            f"Free: {free / 1e6:.0f} MB. Free some space, or set KNEEOA_CACHE to a folder on "
            "another disk."
        ) from None
    except OSError as error:
        raise DataError(
            f"Expected to keep the decoded films in {parent}. That failed: {error.strerror}. Set "
            "KNEEOA_CACHE to a folder that can be written."
        ) from None
