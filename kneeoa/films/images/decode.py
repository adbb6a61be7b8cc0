"""The bytes of a PNG, JPEG or TIFF -> a film."""

import io
import re

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from kneeoa.errors import RadiographError
from kneeoa.films.colours.kinds import in_rgb, is_colourful
from kneeoa.films.grey import colour_notes, to_grey, transparency_notes, window
from kneeoa.films.header import DecodedFilm
from kneeoa.films.images.deep_colour import deep_colour
from kneeoa.films.images.packed import is_cut_png, is_cut_tiff
from kneeoa.films.images.rare_tiff import rare_kind
from kneeoa.films.images.storage import Storage, begin, upright
from kneeoa.films.limits import Limits
from kneeoa.films.stored import StoredValues, stored_values

_LOSSY = "Lossy compression"
_TIFF_LOSSY = ("jpeg", "tiff_jpeg")
_STRIP_BYTES, _TILE_BYTES = 279, 325
"""Tags of a TIFF: how many bytes each of its strips or tiles has."""


def decode_image(data: bytes, kind: str, limits: Limits) -> DecodedFilm:
    """Return the film in the bytes of a ``"PNG"``, ``"JPEG"`` or ``"TIFF"`` file.

    Raises `RadiographError` with the reason for everything that is not one decodable film.
    """
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            storage = begin(image, data, kind, limits)
            lossy = lossy_bits(image, data, kind)
            if storage.is_deep_colour:
                refuse_cut(image, data, kind)
                pixels, notes = deep_colour(data, kind, storage)
                return DecodedFilm(
                    pixels, storage.bits, aspect=storage.aspect, notes=notes, lossy_bits=lossy
                )
            image.load()
            refuse_cut(image, data, kind)
            pixels, notes, stored = _shown(upright(as_coloured(image, data)), storage)
            return DecodedFilm(
                pixels,
                storage.bits,
                aspect=storage.aspect,
                notes=notes,
                stored=stored,
                lossy_bits=lossy,
            )
    except (RadiographError, MemoryError):
        raise
    except UnidentifiedImageError:
        _look_for_a_rare_kind(data, kind)
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
        _look_for_a_rare_kind(data, kind)
        raise RadiographError(
            f"The {kind} is damaged or cut off: its pixels cannot be decoded. Export it again."
        ) from None


def as_coloured(image: Image.Image, data: bytes) -> Image.Image:
    """Return an image, of a JPEG that is wrongly said to be in luma the one that was meant.

    What was red, green and blue and is taken for luma has lost its ends: it is decoded anew.
    """
    if not isinstance(image, JpegImageFile) or image.mode != "RGB":
        return image
    if not is_colourful(np.asarray(image)):
        return image
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as anew:
        anew.draft("YCbCr", anew.size)
        try:
            samples = np.asarray(anew)
        except OSError:
            return image  # not said to be in luma
    if in_rgb(samples, says_luma=True) is not samples:
        return image
    meant = Image.fromarray(samples, "RGB")
    meant.info |= image.info
    return meant


def lossy_text(bits: float) -> dict[str, str]:
    """Return as a text of a PNG that a film was lossy before: see `lossy_bits`."""
    return {_LOSSY: f"{bits:.6g} bits a pixel"}


def lossy_bits(image: Image.Image, data: bytes, kind: str) -> float | None:
    """Return how many bits a pixel of a JPEG has, or had before it became this PNG; else None.

    Of a TIFF it is JPEGs that its strips or tiles may be.
    """
    from kneeoa.films.dicom.code_stream import bytes_of_pixels

    if kind == "JPEG":
        return 8 * bytes_of_pixels(data) / (image.width * image.height)
    if isinstance(image, TiffImageFile) and image.info.get("compression") in _TIFF_LOSSY:
        parts = image.tag_v2.get(_STRIP_BYTES) or image.tag_v2.get(_TILE_BYTES) or ()
        return 8 * sum(parts) / (image.width * image.height)
    before = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?) bits a pixel", str(image.info.get(_LOSSY)))
    return float(before[1]) if before else None


def refuse_cut(image: Image.Image, data: bytes, kind: str) -> None:
    """Raise `ValueError` where a file lacks some of its data; before its image is turned."""
    from kneeoa.films.dicom import cut_jpeg

    is_cut = (
        (kind == "JPEG" and cut_jpeg.is_cut(data))
        or (kind == "PNG" and is_cut_png(data))
        or (isinstance(image, TiffImageFile) and is_cut_tiff(image, data))
    )
    if is_cut:
        raise ValueError(f"the {kind} is cut off")


def _look_for_a_rare_kind(data: bytes, kind: str) -> None:
    from kneeoa.films.dicom.code_stream import refuse_rare_jpeg

    if kind == "JPEG":
        refuse_rare_jpeg(data)
    if kind == "TIFF" and (rare := rare_kind(data)):
        raise RadiographError(
            f"Expected a TIFF of a kind that can be read. This one has {rare}. Export the film as "
            "PNG, or as a grey TIFF of 8 or 16 bits without compression."
        ) from None


def _shown(
    image: Image.Image, storage: Storage
) -> tuple[np.ndarray, tuple[str, ...], StoredValues | None]:
    """Return the pixels of an image, ``(H, W) in [0, 255]``, what to know of them, and the samples.

    Transparent pixels are shown on black.
    """
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _deep(image, storage)
    if image.mode == "L" and storage.bits == 8 and storage.is_signed:
        # Pillow does not tell signed bytes from unsigned ones.
        return np.asarray(image).view(np.int8).astype(np.float32) + 128, (), None
    notes: tuple[str, ...] = ()
    if image.has_transparency_data:
        image = image.convert("RGBA")
        notes = transparency_notes(np.asarray(image)[..., 3], np.asarray(image)[..., 0])
        image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image)
    if image.mode not in ("1", "L"):
        colour = in_rgb(np.asarray(image.convert("RGB")), says_luma=False)
        return to_grey(colour), notes + colour_notes(colour), None
    return np.asarray(image.convert("L"), np.float32), (), None


def _deep(
    image: Image.Image, storage: Storage
) -> tuple[np.ndarray, tuple[str, ...], StoredValues | None]:
    samples = values = np.asarray(image)
    if image.mode == "I" and storage.is_unsigned_32:
        # Pillow has no unsigned numbers of 32 bits: large ones have become negative.
        values = values.view(np.uint32)
    # Pillow inverts such a TIFF itself up to 8 bits, not beyond.
    if storage.white_is_zero:
        values = -values.astype(np.float64 if image.mode == "F" else np.int64)
    clear = image.info.get("transparency")
    outside = None if clear is None else samples == clear
    pixels = window(values, ignore=outside)
    stored = None if image.mode == "F" else stored_values(samples, pixels, outside=outside)
    notes: tuple[str, ...] = ()
    if outside is not None:
        alpha = np.where(outside, np.uint8(0), np.uint8(255))
        notes = transparency_notes(alpha, samples, white=float(samples.max()))
    return pixels, notes, stored
