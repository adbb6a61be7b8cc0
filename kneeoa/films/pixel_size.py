"""How large a pixel is by what a DICOM header says: in the knee, or where else."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from kneeoa.films.header import NOT_USED

CALIBRATED, AT_DETECTOR = "PixelSpacing", "ImagerPixelSpacing"
SCANNED = "NominalScannedPixelSpacing"
SPACINGS = (CALIBRATED, AT_DETECTOR, SCANNED)
"""Where the size of a pixel may stand, the most telling first."""
ESTIMATED = "EstimatedRadiographicMagnificationFactor"
"""How many times larger the patient is at the detector than she is, as whoever wrote it thinks."""
MAGNIFICATIONS = (1.0, 2.0)
"""What is believed of it. A knee lies before the detector, so that less than 1 cannot be; at 2 it
would lie in the middle between tube and detector, where none is taken: a knee has 1.05 to 1.3."""
_ROUNDED = 0.01
"""Share by which two sizes of a pixel differ and are one; by more, a knee is magnified."""

_NONE = 0.0005
"""By which a magnification differs from 1 and is none: less than is shown of it."""

Pair = tuple[float, float]


_UNLIKE = (
    "The file says that its pixel size was calibrated (PixelSpacingCalibrationType), gives the "
    f"same one at the detector, and a magnification of the knee ({ESTIMATED}): one of these is "
    "wrong. "
    f"Millimetres are those that it calls calibrated. {NOT_USED}"
)


@dataclass(frozen=True, slots=True)
class PixelSize:
    """How large a pixel is, and by what.

    Attributes
    ----------
    spacing : (row, column) mm, or None
    origin : keyword of the attribute that it is from, `ESTIMATED` where that had a share; or None
    magnification : by which the size at the detector was divided; None where it was not
    doubt : why a magnification that the file gives was not used, as a sentence, or empty
    """

    spacing: Pair | None = None
    origin: str | None = None
    magnification: float | None = None
    doubt: str = ""


def pixel_size(
    spacings: Mapping[str, Pair], factor: float | None, *, is_calibrated: bool = False
) -> PixelSize:
    """Return how large a pixel is in the knee, or where else.

    A PixelSpacing that only repeats ImagerPixelSpacing is that at the detector (PS3.3, 10.7.1.3),
    and one that repeats NominalScannedPixelSpacing that of the scanned film. That at the detector,
    over the magnification that the file estimates, is in the knee.

    Parameters
    ----------
    spacings : (row, column) mm by keyword, the most telling first, without those not known
    factor : `ESTIMATED`, as the file has it, NaN of what is no number; None where it has none
    is_calibrated : whether the file says how PixelSpacing was calibrated: then it repeats nothing
    """
    if not spacings:
        return PixelSize()
    if factor is not None and abs(factor - 1) < _NONE:
        factor = None
    repeated, pair = _origin(spacings), next(iter(spacings.values()))
    is_divided = factor is not None and _is_divided(spacings, factor)
    if CALIBRATED in spacings and (is_calibrated or is_divided):
        is_unlike = repeated == AT_DETECTOR and not is_divided and _is_more(factor)
        return PixelSize(pair, CALIBRATED, doubt=_UNLIKE if is_unlike else "")
    origin = repeated
    if origin != AT_DETECTOR or factor is None:
        return PixelSize(pair, origin)
    if doubt := _doubt(factor):
        return PixelSize(pair, origin, doubt=doubt)
    return PixelSize((pair[0] / factor, pair[1] / factor), ESTIMATED, factor)


def _is_more(factor: float | None) -> bool:
    return factor is not None and 1 + _ROUNDED < factor <= MAGNIFICATIONS[1]


def _is_divided(spacings: Mapping[str, Pair], factor: float) -> bool:
    """Return whether PixelSpacing is nearer to the detector's over the factor than to that."""
    if not {CALIBRATED, AT_DETECTOR} <= spacings.keys():
        return False
    (given, _), (there, _) = spacings[CALIBRATED], spacings[AT_DETECTOR]
    return abs(factor * given - there) < abs(given - there)


def _doubt(factor: float) -> str:
    low, high = MAGNIFICATIONS
    if low <= factor <= high:
        return ""
    given = "no number" if math.isnan(factor) else f"{factor:.4g}"
    return (
        f"The file estimates the magnification of the knee ({ESTIMATED}) as {given}: expected was "
        f"{low:g} to {high:g}. Millimetres are those at the detector. {NOT_USED}"
    )


def _origin(spacings: Mapping[str, Pair]) -> str:
    first, *others = spacings
    if first == CALIBRATED:
        return next((other for other in others if _repeats(spacings, other)), first)
    return first


def _repeats(spacings: Mapping[str, Pair], keyword: str) -> bool:
    """Return whether PixelSpacing is what `keyword` says, but for how it was rounded."""
    return all(
        abs(calibrated - other) <= _ROUNDED * other
        for calibrated, other in zip(spacings[CALIBRATED], spacings[keyword], strict=True)
    )
