"""Decoded samples -> the numbers that were meant, where the header and the samples disagree.

Bits above BitsStored may hold an overlay, the sign, or the film itself where BitsStored is wrong.
A film tells: its neighbouring pixels differ by little. Where the bits in question change from one
pixel to the next, the reading by which the step is small is right. What a lossy stream gives back
is off by a little, so that its whitest bone may lie beyond all the bits that it was made of: there
nothing is masked, which would show it black.
"""

from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from kneeoa.errors import RadiographError
from kneeoa.films.dicom.code_stream import CodeStream, lossy_stream
from kneeoa.films.header import SET_RIGHT
from kneeoa.films.smoothness import LEAST_CORRELATION, correlation

# The only kinds of image whose samples the standard always has unsigned (DICOM PS3.3, C.8.11.3).
_UNSIGNED_KINDS = ("1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.1.1.1")
_SMALL_STEP, _SMALL_STEP_OF_SIGN = 1 / 8, 1 / 16
"""Share of the range of BitsStored bits that neighbours may differ by and be taken for alike."""
_FEWEST_STEPS = 30
_FEWEST_OF_ALL = 1 / 400
"""Share of the neighbours: white lettering on black has fewer that only look alike."""
_MOST_AGREE, _NEARLY_ALL_AGREE = 2 / 3, 0.95
_CLEARLY_SMOOTHER = 0.3
"""Gain in the correlation of neighbours: films have 0.9 and more, torn or swapped ones 0.5 at most
(a drawn knee of 16 bits cut to 12: 0.17; with its bytes swapped: 0.17)."""
_SMOOTHER = 0.001
"""The same where samples use fewer bits as well once their bytes are turned, as no film does by
chance. Enlarged films are smooth either way: real knees of 448 to 1,800 pixels and 10 to 14 bits
have up to 0.96 with their bytes swapped."""
_NEARLY_ALL = (0.5, 99.5)
"""Percentiles between which samples tell how many bits a film uses: a faulty one may use all."""
_MOST_LOOKED_AT = 1_000_000
_OVERSHOT, _MOST_OVERSHOT = 1 / 8, 1e-3
"""Share of the range of BitsStored bits by which a lossy stream may overshoot it, and share of the
pixels that may do so by more: lettering. Of 25 validation films of 10 bits whose whitest half per
cent is one value, JPEG of 12 bits and quality 90 goes beyond by at most 1 in 100."""


@dataclass(frozen=True, slots=True)
class Samples:
    """The numbers meant, ``(H, W[, 3])``, how many bits they use, and what a reader must know."""

    values: np.ndarray
    bits: int
    notes: tuple[str, ...] = ()


def settle(stored: np.ndarray, dataset: Dataset, outside: np.ndarray | None) -> Samples:
    """Return the numbers that the decoded samples `stored` stand for.

    `outside` marks pixels that are no film, ``(H, W) bool``. Samples that agree with the header
    come back as they are. Raises `RadiographError` naming the attribute that nothing decides.
    """
    bits = int(dataset.get("BitsStored") or dataset.BitsAllocated)
    if stored.dtype.kind not in "iu":
        return Samples(stored, bits)
    outside = np.zeros(stored.shape[:2], bool) if outside is None else outside
    notes = []
    if _is_byte_swapped(stored, dataset):
        stored = stored.byteswap()
        notes.append(
            f"The bytes of each sample were in the other order than the file says. {SET_RIGHT}"
        )
    width = stored.dtype.itemsize * 8
    if bits < width and _bits_used(stored) > bits:
        high = int(dataset.get("HighBit", bits - 1))
        if bits <= high < width:
            stored = _unsigned(stored) >> (high + 1 - bits)
        elif (lossy := lossy_stream(dataset)) and _overshoots(stored, bits, outside, lossy):
            stored = _clipped(stored, bits, lossy)
        elif _whole_is_meant(stored, bits, outside):
            notes.append(
                f"Samples use {width} bits, more than the {bits} of BitsStored. {SET_RIGHT}"
            )
            if _are_at_the_upper_end(stored, bits):
                # Moved down, they are those that the file's own window is for.
                stored = _unsigned(stored) >> (width - bits)
            else:
                bits = width
        elif lossy and lossy.is_lossy:
            # Whole-numbered wavelets cut short hold an overlay as well as whole ones do.
            stored = _clipped(stored, bits, lossy)
    raw = _unsigned(stored) & ((1 << bits) - 1)
    is_signed, belied = _signed_as_meant(raw, bits, dataset, outside)
    if belied:
        truth = "signed" if is_signed else "unsigned"
        notes.append(f"Samples are {truth}, other than PixelRepresentation says. {SET_RIGHT}")
    return Samples(_as_signed(raw, bits) if is_signed else raw, bits, tuple(notes))


def _unsigned(stored: np.ndarray) -> np.ndarray:
    return stored.view(f"u{stored.dtype.itemsize}")


def _bits_used(stored: np.ndarray) -> int:
    """Return how many bits hold all samples, that of their sign included."""
    low, high = int(stored.min()), int(stored.max())
    return max(high, ~low).bit_length() + 1 if stored.dtype.kind == "i" else high.bit_length()


def _are_at_the_upper_end(stored: np.ndarray, bits: int) -> bool:
    """Return whether all of the upper `bits` are used and none below."""
    width = stored.dtype.itemsize * 8
    used = int(np.bitwise_or.reduce(_unsigned(stored), axis=None))
    return used.bit_length() == width and not used & ((1 << (width - bits)) - 1)


def _overshoots(stored: np.ndarray, bits: int, outside: np.ndarray, stream: CodeStream) -> bool:
    """Return whether hardly any sample is further beyond its bits than lossy streams go."""
    low, high = _range_of(stored, bits, stream)
    much = _OVERSHOT * (1 << bits)
    beyond = (stored > high + much) | (stored < low - much)
    return float(beyond[~outside].mean()) <= _MOST_OVERSHOT


def _clipped(stored: np.ndarray, bits: int, stream: CodeStream) -> np.ndarray:
    return stored.clip(*_range_of(stored, bits, stream))


def _range_of(stored: np.ndarray, bits: int, stream: CodeStream) -> tuple[int, int]:
    """Return the least and the greatest sample of so many bits.

    Signed samples of a stream that knows no sign come back without one, or with it beyond their
    bits.
    """
    if stored.dtype.kind == "i" and (stream.is_signed or int(stored.min()) < 0):
        return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return 0, (1 << bits) - 1


def _is_byte_swapped(stored: np.ndarray, dataset: Dataset) -> bool:
    if stored.dtype.itemsize != 2 or stored.ndim != 2:
        return False
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        return False
    turned, as_it_is = stored.byteswap(), correlation(stored)
    gain = correlation(turned) - as_it_is
    if gain <= _SMOOTHER:
        return False
    if _bits_of_most(turned) < _bits_of_most(stored):
        return True
    return as_it_is < 2 * LEAST_CORRELATION and gain > _CLEARLY_SMOOTHER


def _bits_of_most(stored: np.ndarray) -> int:
    """Return how many bits hold nearly all samples ``(H, W)`` that change as bytes are turned.

    White lettering of two equal bytes is the same in either order, and tells nothing.
    """
    values = _look(stored)
    telling = values[values != _look(stored.byteswap())]
    if not telling.size:
        return 0
    ends = np.percentile(telling, _NEARLY_ALL, method="nearest")
    return _bits_used(ends.astype(stored.dtype))


def _look(values: np.ndarray) -> np.ndarray:
    """Return some rows of ``(H, W[, 3])`` as ``(h, W) int64``: enough to judge a film by."""
    plane = values if values.ndim == 2 else values[..., 0]
    return plane[:: max(1, plane.size // _MOST_LOOKED_AT)].astype(np.int64)


def _near(values: np.ndarray, step: int, counted: np.ndarray) -> int:
    """Return how many of the `counted` neighbours ``(h, W - 1) bool`` differ by at most `step`."""
    return int((np.abs(np.diff(values)) <= step)[counted].sum())


def _counted(changes: np.ndarray, ignored: np.ndarray) -> np.ndarray:
    """Return where neighbours in a row differ in `changes` and neither is `ignored`."""
    return (np.diff(changes) != 0) & ~(ignored[:, 1:] | ignored[:, :-1])


def _whole_is_meant(stored: np.ndarray, bits: int, outside: np.ndarray) -> bool:
    """Return whether the bits above BitsStored belong to the film, and not to an overlay."""
    raw, ignored = _look(_unsigned(stored)), _look(outside) > 0
    # Cut off far below the film's range, it is torn everywhere, and no step is small.
    torn = correlation(raw & ((1 << bits) - 1))
    if torn < 2 * LEAST_CORRELATION and correlation(raw) > torn + _CLEARLY_SMOOTHER:
        return True
    step = max(1, int((1 << bits) * _SMALL_STEP))
    counted = _counted(raw >> bits, ignored)
    whole = _near(_look(stored), step, counted)
    masked = _near(raw & ((1 << bits) - 1), step, counted)
    if whole + masked < _FEWEST_STEPS:
        # Above BitsStored everything is the same, or nearly so: the header has its way.
        return False
    if max(whole, masked) < _MOST_AGREE * (whole + masked):
        raise RadiographError(
            f"Expected samples of {bits} bits, as BitsStored says. These use more, and it cannot "
            "be told whether for the film or for something drawn over it. Export the film again."
        )
    return whole > masked


def _signed_as_meant(
    raw: np.ndarray, bits: int, dataset: Dataset, outside: np.ndarray
) -> tuple[bool, bool]:
    """Return whether `raw` is signed, by the header or else by the samples, and whether by these.

    White lettering on black is next to it in signed numbers, too: the two ends do not count.
    """
    declared = dataset.get("PixelRepresentation")
    values = _look(raw)
    middle, ends = 1 << (bits - 1), (values == 0) | (values == (1 << bits) - 1)
    if not (raw >= middle).any() or (bits <= 8 and declared == 0):
        return bool(declared), False
    step = max(1, int((1 << bits) * _SMALL_STEP_OF_SIGN))
    counted = _counted(values >= middle, ends | (_look(outside) > 0))
    unsigned = _near(values, step, counted)
    signed = _near(np.where(values >= middle, values - 2 * middle, values), step, counted)
    enough = unsigned + signed >= max(_FEWEST_STEPS, values.size * _FEWEST_OF_ALL)
    agreed = enough and max(unsigned, signed) > _NEARLY_ALL_AGREE * (unsigned + signed)
    if declared is None:
        return _missing_sign(dataset, agreed, signed > unsigned), False
    belied = agreed and (signed > unsigned) != bool(declared)
    return bool(declared) != belied, belied


def _missing_sign(dataset: Dataset, agreed: bool, looks_signed: bool) -> bool:
    if dataset.get("SOPClassUID") in _UNSIGNED_KINDS:
        return False
    if agreed:
        return looks_signed
    raise RadiographError(
        "Expected a DICOM image that gives its PixelRepresentation. The attribute is missing or "
        "empty, and the pixels allow more than one value. Export the film again, or as PNG."
    )


def _as_signed(raw: np.ndarray, bits: int) -> np.ndarray:
    """Return the lower `bits` bits of unsigned `raw` as two's complement."""
    width = raw.dtype.itemsize * 8
    return (raw << (width - bits)).view(f"i{raw.dtype.itemsize}") >> (width - bits)
