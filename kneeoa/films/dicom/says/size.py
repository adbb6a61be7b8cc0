"""How large a file says that a pixel is, and of which shape."""

import math

from pydicom import Dataset

from kneeoa.films.dicom.says.values import pair, text
from kneeoa.films.header import NO_MILLIMETRES, NOT_USED
from kneeoa.films.pixel_size import ESTIMATED, SPACINGS, PixelSize, pixel_size

_UNKNOWN = (1.0, 1.0)
_ASPECT = "PixelAspectRatio"
_CALIBRATIONS = ("GEOMETRY", "FIDUCIAL")
_SAME_RATIO = 1.02
"""Two ratios that differ by less are one, rounded."""
_FIELD = (5.0, 2_000.0)
"""Millimetres of a film's longer side that are believed: from a crop to the whole of both legs."""


def size(dataset: Dataset) -> PixelSize:
    """Return how large a pixel is, and by what; nothing where the file says nothing that can be."""
    given = _given(dataset)
    if given is None or not _is_believed(dataset, given):
        return PixelSize()
    is_calibrated = text(dataset, "PixelSpacingCalibrationType") in _CALIBRATIONS
    return pixel_size(_spacings(dataset), _factor(dataset), is_calibrated=is_calibrated)


def aspect(dataset: Dataset) -> float:
    """Return the height of a pixel over its width."""
    # An aspect ratio is there where no spacing is; of two that disagree, the measured one counts.
    row, column = _given(dataset) or pair(dataset, _ASPECT) or (1.0, 1.0)
    return row / column


def notes(dataset: Dataset) -> tuple[str, ...]:
    """Return sentences on sizes and shapes that contradict each other, or cannot be."""
    sentences = []
    if (ratios := _ratios(dataset)) and max(ratios.values()) > _SAME_RATIO * min(ratios.values()):
        first, *others = ratios
        sentences.append(
            f"{first} and {' and '.join(others)} contradict each other about the shape of a pixel. "
            f"{first} was followed: a film that looks squashed is not to be graded."
        )
    if any(pair(dataset, keyword) == _UNKNOWN for keyword in SPACINGS):
        sentences.append(
            "The file gives a pixel size of 1 x 1 mm, which is often written where the size is not "
            f"known. {NOT_USED}"
        )
    if (given := _given(dataset)) and not _is_believed(dataset, given):
        row, column = given
        sentences.append(
            f"The file says that a pixel is {row:.4g} x {column:.4g} mm large. No film is like "
            f"that: {NO_MILLIMETRES}"
        )
    if doubt := size(dataset).doubt:
        sentences.append(doubt)
    return tuple(sentences)


def _factor(dataset: Dataset) -> float | None:
    """Return the magnification that is estimated: NaN of what is no number, None of nothing."""
    try:
        value = dataset.get(ESTIMATED)
        return None if value is None or str(value).strip() == "" else float(value)
    except MemoryError:
        raise
    except Exception:
        return math.nan


def _spacings(dataset: Dataset) -> dict[str, tuple[float, float]]:
    """Return by keyword what is said of the size of a pixel, the most telling first.

    A pixel of 1 x 1 mm is not: writers put it where they know nothing.
    """
    pairs = {keyword: pair(dataset, keyword) for keyword in SPACINGS}
    return {keyword: given for keyword, given in pairs.items() if given and given != _UNKNOWN}


def _given(dataset: Dataset) -> tuple[float, float] | None:
    return next(iter(_spacings(dataset).values()), None)


def _is_believed(dataset: Dataset, given: tuple[float, float]) -> bool:
    """Return whether a film of such pixels is as large as films are.

    Else the numbers are in another unit, or none at all.
    """
    try:
        sides = int(dataset.Rows) * given[0], int(dataset.Columns) * given[1]
    except (AttributeError, TypeError, ValueError):
        return True  # a header alone
    return _FIELD[0] <= max(sides) <= _FIELD[1]


def _ratios(dataset: Dataset) -> dict[str, float]:
    """Return by keyword what the file says of the height of a pixel over its width."""
    pairs = _spacings(dataset)
    if ratio := pair(dataset, _ASPECT):
        pairs[_ASPECT] = ratio
    return {keyword: given[0] / given[1] for keyword, given in pairs.items()}
