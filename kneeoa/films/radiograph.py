"""Bytes -> radiograph: PNG, JPEG, TIFF and DICOM, with a reason for every refusal.

Grey values: a DICOM file's own window is used where it has one. Other films of 8 bits pass
unchanged, because the graders learned from raw 8-bit films; deeper ones go through `window`.
"""

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from kneeoa.errors import RadiographError
from kneeoa.films.grey import to_grey, window
from kneeoa.films.limits import ACCEPTED, DEFAULT_LIMITS, Limits

# Decoders warn about odd files with the file's own content; that must not reach a log.
warnings.filterwarnings("ignore", module=r"PIL\.")


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
    spacing : (row, column) mm per pixel where a DICOM file says so
    digest : SHA-256 of the file's bytes, in hex
    """

    name: str
    pixels: np.ndarray
    source: str
    bits: int
    laterality: str | None
    spacing: tuple[float, float] | None
    digest: str


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
        from kneeoa.films import dicom

        pixels, bits, laterality, spacing = dicom.decode(data, limits)
    else:
        pixels, bits = _decode_image(data, kind, limits)
        laterality = spacing = None
    pixels = np.ascontiguousarray(pixels, np.float32)
    if not np.ptp(pixels) > 0:
        raise RadiographError(
            "Expected a radiograph. Every pixel of this image has the same value."
        )
    pixels.setflags(write=False)
    base_name = name.replace("\\", "/").rsplit("/", 1)[-1]
    digest = hashlib.sha256(data).hexdigest()
    return Radiograph(base_name, pixels, kind, bits, laterality, spacing, digest)


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
    if b"\0" not in data[:1024] and _is_text(data[:1024]):
        kind = "a web page" if b"<html" in data[:1024].lower() else "text"
        raise RadiographError(f"{ACCEPTED} Received {kind}, whatever the file is called.")
    raise RadiographError(f"{ACCEPTED} The content is none of these: damaged, or another format.")


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


def _decode_image(data, kind, limits):
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            limits.check_size(image.height, image.width)
            if kind != "JPEG" and _has_second_page(image):
                raise RadiographError(
                    "Expected one film in a file. Received: several pages or frames. "
                    "Export the film to read as a file of its own."
                )
            white_is_zero = kind == "TIFF" and image.tag_v2.get(262) == 0
            bits = 8
            if kind == "PNG":
                bits = data[24]
            elif kind == "TIFF":
                bits = image.tag_v2.get(258, (1,))[0]
            image.load()
            return _grey(_upright(image), white_is_zero), bits
    except RadiographError:
        raise
    except UnidentifiedImageError:
        raise RadiographError(
            f"The {kind} is damaged or of a rare kind: its header cannot be read. "
            "Export the film as PNG."
        ) from None
    except Image.DecompressionBombError:
        raise RadiographError(
            f"Expected at most {limits.max_pixels / 1e6:.0f} million pixels. The file has far more."
        ) from None
    except Exception:
        # Decoders raise whatever they like on damaged data (OSError, ValueError, struct.error...).
        raise RadiographError(
            f"The {kind} is damaged or cut off: its pixels cannot be decoded. Export it again."
        ) from None


def _has_second_page(image):
    # Counting them (`n_frames`) takes minutes in a file that is made of page headers.
    try:
        image.seek(1)
    except EOFError:
        image.seek(0)
        return False
    return True


def _upright(image):
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        # The film is sound; only its EXIF data are not.
        return image


def _grey(image, white_is_zero):
    """Return the pixels of a Pillow image, ``(H, W) in [0, 255]``.

    Transparent pixels are shown on black. Colour of 16 bits is read as 8, and so is grey of 16 bits
    with transparency: Pillow has no other form of them.
    """
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.float64)
        # Pillow inverts such a TIFF itself up to 8 bits, not beyond.
        return window(-values if white_is_zero else values)
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa"):
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image)
    if image.mode not in ("1", "L"):
        return to_grey(np.asarray(image.convert("RGB")))
    return np.asarray(image.convert("L"), np.float32)


def _is_text(data):
    try:
        data.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        return error.start > len(data) - 4 and error.start > 0
    return True
