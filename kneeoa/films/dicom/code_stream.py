"""What compressed pixels say about themselves, whatever the DICOM header says about them."""

import struct
from dataclasses import dataclass
from io import BytesIO

from pydicom import Dataset
from pydicom.encaps import generate_fragments, get_frame, parse_basic_offsets
from pydicom.uid import (
    JPEG2000,
    UID,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from kneeoa.errors import RadiographError

_FRAME_HEADERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
"""JPEG markers SOF0 to SOF15 (0 to 2 are lossy, 3 is lossless), and SOF55 of JPEG-LS."""
_LOSSY = (JPEGBaseline8Bit, JPEGExtended12Bit)
_JPEG_SYNTAXES = {
    0xC3: (JPEGLosslessSV1, JPEGLossless),
    0xF7: (JPEGLSLossless, JPEGLSNearLossless),
}
_JPEG_2000_SYNTAXES = (JPEG2000, JPEG2000Lossless)
_JPEG, _JPEG_2000 = b"\xff\xd8\xff", b"\xff\x4f\xff\x51"
_TILE_PART = b"\xff\x90"
_JPEG_END = b"\xff\xd9"
_HOW_CODED, _SCAN = 0xFF52, 0xDA
"""Markers behind which JPEG 2000 says its wavelets, and JPEG-LS how far off it may be."""
_LOSSLESS = {0xC3, 0xC7, 0xCB, 0xCF}
"""JPEG markers of streams that lose nothing."""
_JP2_FILE = b"\0\0\0\x0cjP  \r\n\x87\n"
"""How a file of boxes begins that holds a JPEG 2000 code stream."""


@dataclass(frozen=True, slots=True)
class CodeStream:
    """The header of a JPEG, JPEG-LS or JPEG 2000 code stream.

    Attributes
    ----------
    syntaxes : the transfer syntaxes that such a stream may stand under, the likeliest first
    for_pillow : whether Pillow reads it
    precision : bits of a sample
    height, width, samples : of the image, in pixels, and samples per pixel
    is_signed : whether samples are signed, which JPEG 2000 alone says
    is_lossy : whether samples come back changed: JPEG 2000 of whole-numbered wavelets may have been
        cut short all the same
    """

    syntaxes: tuple[UID, ...]
    for_pillow: bool
    precision: int
    height: int
    width: int
    samples: int
    is_signed: bool = False
    is_lossy: bool = False


def find_header(code: bytes) -> CodeStream | None:
    """Return what `code` says, or None if it is no such code stream."""
    try:
        return _read_header(code)
    except (ValueError, IndexError, struct.error):
        return None


def first_frame(dataset: Dataset) -> bytes:
    """Return the code stream of the only frame; empty where it cannot be found."""
    try:
        return get_frame(dataset.PixelData, 0, number_of_frames=1)
    except (ValueError, IndexError, EOFError, struct.error):
        return b""


def has_more_frames(dataset: Dataset) -> bool:
    """Return whether a later fragment of compressed pixels begins as a picture of its own does."""
    stream = BytesIO(dataset.PixelData)
    try:
        parse_basic_offsets(stream)
        fragments = generate_fragments(stream)
        next(fragments, b"")
        return any(
            fragment.startswith((_JPEG, _JPEG_2000, _JP2_FILE))
            or looks_run_length_encoded(fragment)
            for fragment in fragments
        )
    except (ValueError, EOFError, struct.error):
        return False  # damaged, which decoders say


def looks_run_length_encoded(code: bytes) -> bool:
    """Return whether `code` begins as run-length encoded pixels do (DICOM PS3.5, annex G.5)."""
    if len(code) < 64:
        return False
    segments, first = struct.unpack_from("<2I", code)
    return 1 <= segments <= 15 and first == 64


def true_syntax(code: bytes, declared: UID) -> UID:
    """Return the transfer syntax of `code`: the one `declared`, unless the code belies it."""
    header = find_header(code)
    if header is None:
        return RLELossless if looks_run_length_encoded(code) else declared
    return declared if declared in header.syntaxes else header.syntaxes[0]


def lacks_tiles(code: bytes) -> bool:
    """Return whether a JPEG 2000 code stream lacks some of its tiles, or parts of them.

    Decoders show black in their place, or what is there of them, without a word.
    """
    place = code.index(_JPEG_2000) + 2
    right, bottom, *_, across, down, left, top = struct.unpack_from(">8I", code, place + 6)
    parts: dict[int, int] = {}
    whole: dict[int, int] = {}
    while code[place] == 0xFF and not code.startswith(_TILE_PART, place):
        place += 2 + struct.unpack_from(">H", code, place + 2)[0]
    while code.startswith(_TILE_PART, place):
        tile, size, _, count = struct.unpack_from(">HIBB", code, place + 4)
        parts[tile] = parts.get(tile, 0) + 1
        whole[tile] = max(count, whole.get(tile, 1))
        # The last one may leave its size open.
        place += size or len(code)
    tiles = -(-(right - left) // across) * -(-(bottom - top) // down)
    return len(parts) < tiles or any(parts[tile] < whole[tile] for tile in parts)


def _read_header(code: bytes) -> CodeStream | None:
    if code[:2] != _JPEG[:2]:
        # Not JPEG. Run lengths hold the mark of JPEG 2000 by chance, but do not begin with it.
        start = code.index(_JPEG_2000) if code.startswith(_JP2_FILE) else 0
        if not code.startswith(_JPEG_2000, start):
            return None
        right, bottom, left, top, *_ = struct.unpack_from(">8I", code, start + 8)
        samples, precision = struct.unpack_from(">HB", code, start + 40)
        size = bottom - top, right - left, samples
        is_signed, bits = bool(precision & 0x80), (precision & 0x7F) + 1
        is_lossy = _has_broken_wavelets(code, start)
        return CodeStream(_JPEG_2000_SYNTAXES, True, bits, *size, is_signed, is_lossy)
    place = 2
    while code[place] == 0xFF:
        marker, length = struct.unpack_from(">BH", code, place + 1)
        if marker in _FRAME_HEADERS:
            precision, height, width, samples = struct.unpack_from(">BHHB", code, place + 4)
            syntaxes = _JPEG_SYNTAXES.get(marker, _LOSSY if precision == 8 else _LOSSY[::-1])
            for_pillow = marker <= 0xC2 and precision == 8
            # Of JPEG-LS, a scan says it, which stands behind.
            is_lossy = marker not in _LOSSLESS if marker != 0xF7 else _is_near(code, place)
            size = height, width, samples
            return CodeStream(syntaxes, for_pillow, precision, *size, is_lossy=is_lossy)
        place += 1 if marker == 0xFF else 2 + length
    raise ValueError("no frame header")


def _has_broken_wavelets(code: bytes, start: int) -> bool:
    """Return whether a JPEG 2000 code stream at `start` has wavelets that are not whole numbers."""
    place = start + 2
    while code[place] == 0xFF and not code.startswith(_TILE_PART, place):
        marker, length = struct.unpack_from(">HH", code, place)
        if marker == _HOW_CODED:
            return code[place + 13] == 0
        place += 2 + length
    return False


def _is_near(code: bytes, place: int) -> bool:
    """Return whether the first scan of JPEG-LS behind `place` may be off by some grey values."""
    while code[place] == 0xFF:
        marker, length = struct.unpack_from(">BH", code, place + 1)
        if marker == _SCAN:
            return code[place + length - 1] > 0
        place += 1 if marker == 0xFF else 2 + length
    return False


def bytes_of_pixels(code: bytes) -> int:
    """Return how many bytes of a code stream hold pixels: of JPEG what its scans are.

    What stands before and behind them, as pictures in small, may be more than these.
    """
    place = 2
    while code[:2] == _JPEG[:2] and place + 4 <= len(code) and code[place] == 0xFF:
        marker, length = struct.unpack_from(">BH", code, place + 1)
        if marker == _SCAN:
            end = code.find(_JPEG_END, place)
            return (end if end > 0 else len(code)) - place
        place += 1 if marker == 0xFF else 2 + length
    return len(code)


def lossy_stream(dataset: Dataset) -> CodeStream | None:
    """Return what the code stream says from which samples came back changed; None of others."""
    syntax = dataset.file_meta.TransferSyntaxUID
    if not (syntax.is_transfer_syntax and syntax.is_compressed):
        return None
    stream = find_header(first_frame(dataset))
    if stream is None:
        return None
    # Of whole-numbered wavelets the header alone says whether they were cut short.
    is_cut = syntax == JPEG2000 and str(dataset.get("LossyImageCompression")) == "01"
    return stream if stream.is_lossy or is_cut else None


def refuse_rare_jpeg(data: bytes) -> None:
    """Raise `RadiographError` where a JPEG is of a kind that only DICOM readers know."""
    header = find_header(data)
    if header is not None and not header.for_pillow:
        raise RadiographError(
            "The JPEG is of a rare kind (12 bits, lossless or the like), which is read inside "
            "DICOM alone. Export the film as DICOM or PNG."
        ) from None
