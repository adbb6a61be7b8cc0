"""Which kind of file it is, told by its first bytes and never by its name."""

import stat
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from kneeoa.errors import RadiographError
from kneeoa.films.limits import ACCEPTED

FIRST_BYTES = 1024
FILM_SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm", ".dicom"}
"""Files of such names in a folder are meant as films: one that holds something else is reported."""


def detect(data: bytes) -> str:
    """Return ``"PNG"``, ``"JPEG"``, ``"TIFF"`` or ``"DICOM"``; name anything else and refuse it."""
    # First, because the free preamble of a DICOM file may look like a TIFF. Files without preamble
    # begin with an element of group 2 or 8, in either byte order.
    if data[128:132] == b"DICM" or data[:2] in (b"\x02\0", b"\x08\0", b"\0\x02", b"\0\x08"):
        return "DICOM"
    for start, kind in _ACCEPTED_STARTS:
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        raise RadiographError(f"{ACCEPTED} Received a WebP image. Export it as PNG.")
    if data[4:8] == b"ftyp":
        raise RadiographError(f"{ACCEPTED} Received a HEIC, AVIF or video file. Export it as PNG.")
    if data[:2] == b"BM" and data[6:10] == b"\0\0\0\0":
        raise RadiographError(f"{ACCEPTED} Received a BMP image. Export it as PNG.")
    for start, kind in _OTHER_STARTS:
        if data.startswith(start):
            raise RadiographError(f"{ACCEPTED} Received {kind}.")
    if b"\0" not in data[:FIRST_BYTES] and _is_text(data[:FIRST_BYTES]):
        kind = "a web page" if b"<html" in data[:FIRST_BYTES].lower() else "text"
        raise RadiographError(f"{ACCEPTED} Received {kind}, whatever the file is called.")
    raise RadiographError(f"{ACCEPTED} The content is none of these: damaged, or another format.")


class Content(Enum):
    """What the first bytes of a file say that it holds."""

    FILM = "what may be a film"
    OTHER_PICTURE = "DICOM with a picture of another kind than a film: CT, MR, ultrasound"
    NO_PICTURE = "DICOM without a picture: a directory, a report, a presentation state"
    OTHER = "anything else, or nothing that can be opened"


PICTURES = (Content.FILM, Content.OTHER_PICTURE)


def content_of(file: Path) -> Content:
    """Return what the first bytes of `file` say, of DICOM files the header."""
    try:
        # Opening a pipe would wait for somebody to write into it.
        if not stat.S_ISREG(file.stat().st_mode):
            return Content.OTHER
        with file.open("rb") as stream:
            return content_of_start(stream.read)
    except OSError:
        return Content.OTHER


def content_of_start(read: Callable[[int], bytes]) -> Content:
    """Return what a file holds whose next bytes ``read(count)`` returns; few of them are read."""
    start = read(FIRST_BYTES)
    try:
        kind = detect(start)
    except RadiographError:
        return Content.OTHER
    if kind != "DICOM":
        return Content.FILM
    from kneeoa.films.dicom.parse import HEAD_BYTES, kind_of_picture

    kind = kind_of_picture(start + read(HEAD_BYTES - len(start)))
    return {"film": Content.FILM, "other": Content.OTHER_PICTURE}.get(kind, Content.NO_PICTURE)


def might_be_film(file: Path) -> bool:
    """Return whether the first bytes of `file` are those of a film, or of a picture of its kind."""
    return content_of(file) in PICTURES


_ACCEPTED_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)
_OTHER_STARTS = (
    (b"%PDF", "a PDF. Export the film itself"),
    (b"GIF8", "a GIF image. Export it as PNG"),
    (b"PK\x03\x04", "a ZIP archive or Office document. Unpack the film first"),
    (b"\x1f\x8b", "a gzip archive. Unpack the film first"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 image outside DICOM. Export it as PNG"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image outside DICOM. Export it as PNG"),
    (b"\x89PNG", "a damaged PNG"),
)


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        return error.start > len(data) - 4 and error.start > 0
    return True
