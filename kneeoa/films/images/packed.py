"""PNGs and deflated TIFFs that are cut off and filled up: whether their pixels unpack.

Pillow and libtiff show black or noise in place of what is missing, at times without a word.
"""

import struct
import zlib

from PIL.TiffImagePlugin import TiffImageFile

_HEAD, _TYPE = 8, 8
"""Bytes before the first chunk, and of the length and the name of each."""
_SUM = 4
_DEFLATED = (8, 32946)
_COMPRESSION, _STRIPS, _TILES = 259, (273, 279), (324, 325)
"""Tags of a TIFF; of its strips or tiles those of their places and lengths."""
_AT_ONCE = 2**20


def is_cut_png(data: bytes) -> bool:
    """Return whether a PNG lacks some of its pixels, or has others in their place.

    They are unpacked only where a sum is wrong or the end is missing, as both are in some sound
    ones: packed pixels have a sum of their own.
    """
    is_sound, packed = _packed(data)
    if is_sound:
        return False
    return not _unpacks(b"".join(packed))


def is_cut_tiff(image: TiffImageFile, data: bytes) -> bool:
    """Return whether strips or tiles of the page that `image` is at are deflated and damaged."""
    tags = image.tag_v2
    if tags.get(_COMPRESSION) not in _DEFLATED:
        return False
    places, lengths = (
        tags.get(strips) or tags.get(tiles) or ()
        for strips, tiles in zip(_STRIPS, _TILES, strict=True)
    )
    return not all(
        _unpacks(data[place : place + length])
        for place, length in zip(places, lengths, strict=False)
    )


def _unpacks(packed: bytes) -> bool:
    """Return whether a deflated stream is whole and as it was written, by its own sum."""
    inflater, waiting = zlib.decompressobj(), packed
    try:
        while not inflater.eof:
            if not inflater.decompress(waiting, _AT_ONCE) and not inflater.eof:
                return False
            waiting = inflater.unconsumed_tail
    except zlib.error:
        return False
    return True


def _packed(data: bytes) -> tuple[bool, list[bytes]]:
    """Return whether all chunks are as they were written, and the pixels in them, packed."""
    place, packed, is_sound = _HEAD, list[bytes](), True
    while place + _TYPE <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        if name == b"IEND":
            return is_sound, packed
        end = place + _TYPE + length
        if name == b"IDAT":
            content = data[place + _TYPE : end]
            packed.append(content)
            is_sound &= data[end : end + _SUM] == struct.pack(
                ">I", zlib.crc32(content, zlib.crc32(name))
            )
        place = end + _SUM
    return False, packed
