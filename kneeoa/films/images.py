"""PNG, JPEG and TIFF bytes -> grey values."""

import io
import sys
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import OPEN_INFO, TiffImageFile

from kneeoa.errors import RadiographError
from kneeoa.films.grey import colour_notes, to_grey, transparency_notes, window
from kneeoa.films.header import DecodedFilm
from kneeoa.films.limits import Limits
from kneeoa.films.square_pixels import aspect_of
from kneeoa.films.stored import StoredValues, stored_values

# Decoders warn about odd files with the file's own content; that must not reach a log.
warnings.filterwarnings("ignore", module=r"PIL\.")

# Kinds of TIFF that Pillow can decode, and does not open: numbers of 64 bits with a point, and
# whole ones whose zero is white, or of 32 bits in the other byte order.
for _order, _mark in (b"II", ""), (b"MM", "B"):
    for _zero in (0, 1):
        OPEN_INFO.setdefault((_order, _zero, (3,), 1, (64,), ()), ("F", f"F;64{_mark}F"))
        OPEN_INFO.setdefault((_order, _zero, (1,), 1, (16,), ()), (f"I;16{_mark}", f"I;16{_mark}"))
        OPEN_INFO.setdefault((_order, _zero, (1,), 1, (32,), ()), ("I", f"I;32{_mark}"))
        OPEN_INFO.setdefault((_order, _zero, (2,), 1, (16,), ()), ("I", f"I;16{_mark}S"))
        OPEN_INFO.setdefault((_order, _zero, (2,), 1, (32,), ()), ("I", f"I;32{_mark}S"))
_MOST_PAGES = 8
"""Pages of a TIFF that are looked at: reading all takes minutes in a file made of page headers."""
_SUBFILE_TYPE, _OLD_SUBFILE_TYPE, _BITS, _PHOTOMETRIC, _SAMPLE_FORMAT = 254, 255, 258, 262, 339
_SAMPLES, _PLANES, _APART = 277, 284, 2
_DEEP_MODES = ("LA", "RGB", "RGBA", "RGBX")
_DEEPEST = 65535
_OTHER_BYTE = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}


@dataclass(frozen=True, slots=True)
class _Storage:
    """How samples are stored, where Pillow does not say it."""

    bits: int
    white_is_zero: bool = False
    is_signed: bool = False
    is_unsigned_32: bool = False


def decode_image(data: bytes, kind: str, limits: Limits) -> DecodedFilm:
    """Return the film in the bytes of a ``"PNG"``, ``"JPEG"`` or ``"TIFF"`` file.

    Raises `RadiographError` with the reason for everything that is not one decodable film.
    """
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            limits.check_size(image.height, image.width)
            page = _film_page(image, kind)
            limits.check_size(image.height, image.width)
            storage, aspect = _storage(image, data, kind), aspect_of(image)
            _refuse_planes(image, storage)
            if _is_deep_colour(image, storage):
                pixels, notes = _deep_colour(data, kind, page)
                return DecodedFilm(pixels, storage.bits, aspect=aspect, notes=notes)
            _expect_native_order(image)
            image.load()
            _refuse_cut(data, kind)
            upright = _upright(image)
            pixels, notes = _grey(upright, storage)
            stored = _stored(upright, pixels)
            return DecodedFilm(pixels, storage.bits, aspect=aspect, notes=notes, stored=stored)
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


def _refuse_cut(data: bytes, kind: str) -> None:
    from kneeoa.films.dicom.cut_jpeg import is_cut

    if kind == "JPEG" and is_cut(data):
        raise ValueError("the JPEG is cut off")


def _look_for_a_rare_kind(data: bytes, kind: str) -> None:
    from kneeoa.films.dicom.code_stream import refuse_rare_jpeg

    if kind == "JPEG":
        refuse_rare_jpeg(data)


def samples_of(data: bytes, kind: str, limits: Limits) -> tuple[np.ndarray | None, float]:
    """Return the samples of an image, upright, and the height of a pixel over its width.

    They are ``(H, W[, 2 to 4]) uint8`` or ``(H, W) uint16`` such that a PNG of them is read as the
    same film; None of kinds that no PNG holds. Raises whatever Pillow does of a damaged file.
    """
    with Image.open(io.BytesIO(data), formats=[kind]) as image:
        limits.check_size(image.height, image.width)
        _film_page(image, kind)
        limits.check_size(image.height, image.width)
        storage, aspect = _storage(image, data, kind), aspect_of(image)
        _refuse_planes(image, storage)
        is_deep_colour = _is_deep_colour(image, storage)
        _expect_native_order(image)
        image.load()
        _refuse_cut(data, kind)
        upright = _upright(image)
    if is_deep_colour or upright.mode == "F":
        return None, aspect
    if upright.mode == "I" or upright.mode.startswith("I;16"):
        samples = np.asarray(upright)
        fits = not storage.white_is_zero and 0 <= samples.min() <= samples.max() <= _DEEPEST
        return (samples.astype(np.uint16, copy=False) if fits else None), aspect
    if upright.mode in ("P", "PA", "La", "RGBa"):
        upright = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    elif upright.mode not in ("L", "LA", "RGB", "RGBA"):
        upright = upright.convert("L" if upright.mode == "1" else "RGB")
    samples = np.asarray(upright)
    if upright.mode == "L" and storage.bits == 8 and storage.is_signed:
        samples = samples ^ np.uint8(128)
    return samples, aspect


def _film_page(image: Image.Image, kind: str) -> int:
    """Go to the one page that is a film, and return its number.

    Reduced copies (thumbnails) and transparency masks, which a TIFF marks as such, are none.
    """
    if kind == "JPEG":
        return 0
    films, page = list[int](), 0
    while len(films) < 2 and page < _MOST_PAGES and _go_to(image, page):
        if not (isinstance(image, TiffImageFile) and _is_aside(image)):
            films.append(page)
        page += 1
    if page == 1:
        films = [0]
    if len(films) != 1 or page == _MOST_PAGES:
        raise RadiographError(
            "Expected one film in a file. Received: several pages or frames. "
            "Export the film to read as a file of its own."
        )
    image.seek(films[0])
    return films[0]


def _go_to(image: Image.Image, page: int) -> bool:
    try:
        image.seek(page)
    except EOFError:
        return False
    return True


def _is_aside(image: TiffImageFile) -> bool:
    reduced_or_mask = 0b101
    return bool(image.tag_v2.get(_SUBFILE_TYPE, 0) & reduced_or_mask) or (
        image.tag_v2.get(_OLD_SUBFILE_TYPE) == 2
    )


def _expect_native_order(image: ImageFile) -> None:
    """Have compressed samples taken as libtiff gives them: in the machine's order of bytes.

    Pillow knows that of unsigned ones of 16 bits alone, and shows the others as noise.
    """
    for number, tile in enumerate(image.tile):
        mode, *rest = tile.args if isinstance(tile.args, tuple) else ("",)
        if tile.codec_name == "libtiff" and mode[:2] in ("I;", "F;"):
            image.tile[number] = tile._replace(args=(mode.replace("B", "N"), *rest))


def _storage(image: Image.Image, data: bytes, kind: str) -> _Storage:
    if not isinstance(image, TiffImageFile):
        return _Storage(data[24] if kind == "PNG" else 8)
    tags = image.tag_v2
    bits, (form, *_) = tags.get(_BITS, (1,))[0], np.atleast_1d(tags.get(_SAMPLE_FORMAT, 1))
    return _Storage(
        bits,
        white_is_zero=tags.get(_PHOTOMETRIC) == 0,
        is_signed=form == 2,
        is_unsigned_32=bits == 32 and form == 1,
    )


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except Exception:
        # The film is sound; only its EXIF data are not.
        return image


def _grey(image: Image.Image, storage: _Storage) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the pixels of a Pillow image, ``(H, W) in [0, 255]``, and what to know of them.

    Transparent pixels are shown on black.
    """
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        values = np.asarray(image)
        if image.mode == "I" and storage.is_unsigned_32:
            # Pillow has no unsigned numbers of 32 bits: large ones have become negative.
            values = values.view(np.uint32)
        # Pillow inverts such a TIFF itself up to 8 bits, not beyond.
        if storage.white_is_zero:
            values = -values.astype(np.float64 if image.mode == "F" else np.int64)
        return window(values), ()
    if image.mode == "L" and storage.bits == 8 and storage.is_signed:
        # Pillow does not tell signed bytes from unsigned ones.
        return np.asarray(image).view(np.int8).astype(np.float32) + 128, ()
    notes: tuple[str, ...] = ()
    is_clear_in_parts = image.mode == "P" and "transparency" in image.info
    if is_clear_in_parts or image.mode in ("LA", "PA", "RGBA", "La", "RGBa"):
        image = image.convert("RGBA")
        notes = transparency_notes(np.asarray(image)[..., 3])
        image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image)
    if image.mode not in ("1", "L"):
        colour = np.asarray(image.convert("RGB"))
        return to_grey(colour), notes + colour_notes(colour)
    return np.asarray(image.convert("L"), np.float32), ()


def _stored(image: Image.Image, pixels: np.ndarray) -> StoredValues | None:
    deep = image.mode == "I" or image.mode.startswith("I;16")
    return stored_values(np.asarray(image), pixels) if deep else None


def _is_deep_colour(image: ImageFile, storage: _Storage) -> bool:
    return storage.bits == 16 and _raw_mode(image).partition(";16")[0] in _DEEP_MODES


def _refuse_planes(image: Image.Image, storage: _Storage) -> None:
    if not isinstance(image, TiffImageFile) or storage.bits <= 8:
        return
    if image.tag_v2.get(_PLANES) == _APART and image.tag_v2.get(_SAMPLES, 1) > 1:
        raise RadiographError(
            f"The TIFF keeps colours of {storage.bits} bits behind each other, which cannot be "
            "read. Export the film in grey, or as PNG."
        )


def _raw_mode(image: ImageFile) -> str:
    arguments = image.tile[0].args
    return arguments if isinstance(arguments, str) else (arguments or ("",))[0]


def _deep_colour(data: bytes, kind: str, page: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return a colour image of 16 bits, ``(H, W) in [0, 255]``, windowed as grey, and notes on it.

    Pillow keeps the upper byte of such samples alone, and so shows a film of 12 bits black. Read a
    second time in the other byte order, it gives the lower one.
    """
    notes: tuple[str, ...] = ()
    high, mode = _decoded_as(data, kind, page, None)
    if mode.startswith("LA"):
        bytes_of_both, _ = _decoded_as(data, kind, page, "RGBA")
        samples = bytes_of_both.view(">u2")
        grey, alpha = samples[..., 0], samples[..., 1]
    else:
        low, _ = _decoded_as(data, kind, page, mode[:-1] + _OTHER_BYTE[mode[-1]])
        samples = high.astype(np.uint16) << 8 | low
        grey = to_grey(samples[..., :3])
        notes = colour_notes(samples[..., :3], white=max(1, int(samples[..., :3].max())))
        opaque = np.full_like(grey, 65535, np.uint16)
        alpha = samples[..., 3] if mode.startswith("RGBA") else opaque
    notes += transparency_notes((alpha >> 8).astype(np.uint8))
    shown = window(grey, ignore=None if alpha.all() else alpha == 0)
    return shown * (alpha / np.float32(65535)), notes


def _decoded_as(data: bytes, kind: str, page: int, raw_mode: str | None) -> tuple[np.ndarray, str]:
    """Return the bytes of an image ``(H, W, C) uint8`` by a raw mode of Pillow, and that mode."""
    with Image.open(io.BytesIO(data), formats=[kind]) as image:
        image.seek(page)
        mode = raw_mode or _raw_mode(image)
        image.tile = [
            t._replace(args=mode if isinstance(t.args, str) else (mode, *(t.args or ())[1:]))
            for t in image.tile
        ]
        image.load()
        return np.array(_upright(image)), mode
