"""How the film in an image file is stored: found out before any of its pixels are decoded."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from kneeoa.errors import RadiographError
from kneeoa.films.limits import Limits
from kneeoa.films.square_pixels import aspect_of

_MOST_PAGES = 8
"""Pages of a TIFF that are looked at: reading all takes minutes in a file made of page headers."""
_SUBFILE_TYPE, _OLD_SUBFILE_TYPE, _BITS, _PHOTOMETRIC, _SAMPLE_FORMAT = 254, 255, 258, 262, 339
_SAMPLES, _PLANES, _APART = 277, 284, 2
_DEEP_MODES = ("LA", "RGB", "RGBA", "RGBa", "RGBX")
_DEPTH_OF_PNG = 24
"""Where the bits of a sample stand in a PNG."""


@dataclass(frozen=True, slots=True)
class Storage:
    """How samples are stored, where Pillow does not say it.

    Attributes
    ----------
    bits : bits of a sample
    page : number of the page that is the film
    aspect : height of a pixel over its width in the upright film
    raw_mode : Pillow's name for the samples in the file
    white_is_zero, is_signed, is_unsigned_32 : what a TIFF says of them
    """

    bits: int
    page: int
    aspect: float
    raw_mode: str
    white_is_zero: bool = False
    is_signed: bool = False
    is_unsigned_32: bool = False

    @property
    def is_deep_colour(self) -> bool:
        """Whether it is a picture in colours, or with transparency, of 16 bits."""
        return self.bits == 16 and self.raw_mode.partition(";16")[0] in _DEEP_MODES


def begin(image: ImageFile, data: bytes, kind: str, limits: Limits) -> Storage:
    """Go to the one film in an opened image, and return how it is stored; then it may be loaded.

    Raises `RadiographError` where there is none, or none that can be decoded.
    """
    limits.check_size(image.height, image.width)
    raw_mode = raw_mode_of(image)
    page = _film_page(image, kind)
    limits.check_size(image.height, image.width)
    tags = image.tag_v2 if isinstance(image, TiffImageFile) else {}
    if tags:
        raw_mode, bits = raw_mode_of(image), tags.get(_BITS, (1,))[0]
    else:
        bits = data[_DEPTH_OF_PNG] if kind == "PNG" else 8
    form, *_ = np.atleast_1d(tags.get(_SAMPLE_FORMAT, 1))
    if bits > 8 and tags.get(_PLANES) == _APART and tags.get(_SAMPLES, 1) > 1:
        raise RadiographError(
            f"The TIFF keeps colours of {bits} bits behind each other, which cannot be "
            "read. Export the film in grey, or as PNG."
        )
    _expect_native_order(image)
    _scale_transparency(image, bits)
    return Storage(
        bits,
        page,
        # Last: to look for EXIF behind the pixels of a PNG, Pillow loads them.
        aspect_of(image),
        raw_mode,
        white_is_zero=tags.get(_PHOTOMETRIC) == 0,
        is_signed=form == 2,
        is_unsigned_32=bits == 32 and form == 1,
    )


def raw_mode_of(image: ImageFile) -> str:
    """Return Pillow's name for the samples of an image, which is gone once they are loaded."""
    arguments = image.tile[0].args
    return arguments if isinstance(arguments, str) else (arguments or ("",))[0]


def upright(image: Image.Image) -> Image.Image:
    """Return an image as its EXIF data say that it is to be held."""
    try:
        return ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except Exception:
        # The film is sound; only its EXIF data are not.
        return image


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


def _scale_transparency(image: Image.Image, bits: int) -> None:
    """Have the one grey value of a PNG that is transparent meet samples as Pillow gives them."""
    value = image.info.get("transparency")
    if image.mode == "L" and isinstance(value, int):
        white = (1 << bits) - 1
        image.info["transparency"] = (value & white) * (255 // white)
