"""JPEGs that are cut off, and closed all the same: decoders fill up what is missing without a word.

Whether the data suffice is told by adding some: a decoder that has all it needs takes no more, and
one that misses some shows another picture.
"""

import io
import re
import struct
from collections.abc import Callable

import numpy as np
from PIL import Image

_END = b"\xff\xd9"
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE, _SCAN, _ALONE = 0xC2, 0xDA, (0, 1, 0xFF, *range(0xD0, 0xD9))
_LEAST = 6
"""Bytes of the head of a scan of one component."""
_ANY = bytes(number * 89 % 251 for number in range(1, 600))
_MORE = _ANY + b"".join(bytes([0xFF, 0xD0 + number]) + _ANY for number in range(8))
"""Data of no meaning, behind each of the marks that may be waited for."""
_PADDING = 64
"""Nul bytes behind a picture without an end that are padding; more are a hole in the file."""
# A question mark is 63, the last of them.
_FIRST_ALONE = re.compile(rb"(\xff\xda\0\x08\x01..\0)\0(?=\0)", re.DOTALL)
"""Head of the scan of one component that says that it holds the first coefficient alone. Where it
holds all of them, GDCM decodes it with a warning, and gives up at a second one."""
_LARGE = 8_000_000
"""Samples that take a second to decode."""
_LONGEST_PATTERN = 32
"""Bytes: two codes of at most 16 bits, over and over."""
_REDUCED = 8
_ONE_UNIT = 4 * 64
"""Pixels that are decoded at once: some writers leave the last of them incomplete."""


def is_cut(code: bytes) -> bool:
    """Return whether a JPEG that Pillow reads lacks some of its data."""
    end, is_progressive = _scanned(code)
    if not end:
        return True
    # What is missing of a progressive one is too fine to be seen in a reduced picture.
    reduced = 1 if is_progressive else _REDUCED
    first, second = (_shown(code[:end] + more + _END, reduced) for more in (b"", _MORE))
    differ = (first != second).reshape(*first.shape[:2], -1).any(axis=-1)
    return bool(differ.sum() * reduced**2 > _ONE_UNIT)


def is_cut_in(samples: np.ndarray, code: bytes, decode: Callable[[bytes], np.ndarray]) -> bool:
    """Return whether a JPEG lacks some of its data that became `samples`, ``(H, W[, 3])``.

    For those that Pillow does not read. `decode` makes samples of such a one, which takes as long
    as before: it is asked only where these end in a flat corner, as all do that are filled up, and
    of a large film only where its data do not.
    """
    end, is_progressive = _scanned(code)
    corner = samples[-1, -_REDUCED:]
    if not end or (corner != corner[:1]).any():
        return not end
    if samples.size > _LARGE and _ends_in_a_pattern(code[:end]):
        return False
    data = code[:end] if is_progressive else _FIRST_ALONE.sub(rb"\1?", code[:end])
    # Not marks as well, at which GDCM gives up.
    return bool((decode(data + _ANY + _END) != samples).any())


def _ends_in_a_pattern(data: bytes) -> bool:
    """Return whether the same bits repeat at the end of a scan, as where a film is flat."""
    # In the last byte, bits may be missing.
    bits = data[-4 * _LONGEST_PATTERN : -1].replace(b"\xff\0", b"\xff")[-2 * _LONGEST_PATTERN :]
    is_enough = len(bits) == 2 * _LONGEST_PATTERN
    return is_enough and any(
        bits[period:] == bits[:-period] for period in range(1, _LONGEST_PATTERN + 1)
    )


def _scanned(code: bytes) -> tuple[int, bool]:
    """Return where the data of the last scan end, and whether the JPEG is progressive.

    It is 0 where scans are missing, or where a hole takes the place of the end.
    """
    end, is_progressive = 0, False
    # By component, how many bits of each coefficient are still to come.
    left: dict[int, np.ndarray] = {}
    place = code.find(b"\xff", 2)
    while 0 <= place < len(code) - 4 and code[place + 1] != _END[1]:
        marker, length = struct.unpack_from(">BH", code, place + 1)
        if marker in _ALONE:
            place = code.find(b"\xff", place + 1)
            continue
        content, place = code[place + 4 : place + 2 + length], place + 2 + length
        if marker in _FRAMES:
            is_progressive = marker == _PROGRESSIVE
            left = {number: np.full(64, 16) for number in content[6::3]}
        elif marker == _SCAN and len(content) >= _LEAST:
            numbers = content[1 : 1 + 2 * content[0] : 2]
            first, last, lower = content[-3:] if is_progressive else (0, 63, 0)
            for number in left.keys() & {*numbers}:
                left[number][first : last + 1] = lower & 15
            following = _END_OF_SCAN.search(code, place)
            place = end = following.start() if following else len(code)
        place = code.find(b"\xff", place)
    if not left or any(bits.any() for bits in left.values()):
        return 0, is_progressive
    data = code[:end].rstrip(b"\xff")
    has_hole = end == len(code) and len(data) - len(data.rstrip(b"\0")) > _PADDING
    return 0 if has_hole else len(data), is_progressive


def _shown(code: bytes, reduced: int) -> np.ndarray:
    with Image.open(io.BytesIO(code), formats=["JPEG"]) as image:
        image.draft(image.mode, (image.width // reduced, image.height // reduced))
        return np.asarray(image)
