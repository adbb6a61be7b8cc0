"""Stored samples -> the film as it is meant to be seen, ``(H, W) in [0, 255]``, bone bright."""

import math
from collections.abc import Callable

import numpy as np
from pydicom import Dataset
from pydicom.pixels import apply_color_lut, apply_windowing

from kneeoa.errors import RadiographError
from kneeoa.films.colours.kinds import bits_of
from kneeoa.films.dicom.bits import Samples
from kneeoa.films.dicom.lut import Table, read_table
from kneeoa.films.grey import by_level, colour_notes, to_grey, window

Show = Callable[[np.ndarray], np.ndarray]
"""Stored samples -> grey values, by a table or a window of the file."""

_MOST_BEYOND_WINDOW = 0.99
"""Share of pixels that a file's own window may leave all black or all white."""
_MOST_SPREAD_OF_PADDING = 0.02
"""Standard deviation, as a share of the film's range, of what lies in a range of padding: what
differs by more is the film itself, and the range a mistake."""
_LEAST_SPREAD = 20
"""Grey values that a file's own window must leave between the darkest and the brightest half per
cent: a window for more bits than the film has shows it nearly black."""


def present(
    dataset: Dataset, samples: Samples, outside: np.ndarray | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the film, ``(H, W) in [0, 255]``, and what a reader must know of it.

    Rescale, then the first VOI LUT or window that is usable, else `grey.window`; MONOCHROME1 and an
    inverse presentation LUT are turned so that dense is bright. `outside` marks what is no film.
    """
    stored = samples.values
    if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
        stored = apply_color_lut(stored, dataset)
    if stored.ndim == 3:
        # They reach to white, however many bits are said.
        white = (1 << bits_of(stored)) - 1
        grey = to_grey(stored) * np.float32(255 / white)
        return 255 - grey if _is_inverse(dataset) else grey, colour_notes(stored, white)
    white = 2**samples.bits - 1
    shown = _given_window(dataset, stored)
    if shown is None:
        first = stored[:1]
        is_same = _rescaled(dataset, first) is first and stored.dtype.kind == "u"
        # What the function gives has 8 bytes a pixel: 400 MB of the largest film.
        values = stored if is_same else by_level(stored, lambda some: _rescaled(dataset, some))
        raw_8_bit = samples.bits <= 8 and np.array_equal(values, stored)
        if raw_8_bit and stored.dtype.kind == "u":
            shown = stored * np.float32(255 / white if white < 255 else 1)
        else:
            shown = window(values, ignore=outside)
    # In place: of a large film, each copy is 200 MB.
    if _is_inverse(dataset):
        np.subtract(255, shown, out=shown)
    if outside is not None:
        shown[outside] = 0
    return shown, ()


def padding(dataset: Dataset, stored: np.ndarray) -> np.ndarray | None:
    """Return where the file says that there is no film, ``(H, W) bool``, or None."""
    if "PixelPaddingValue" not in dataset or stored.dtype.kind not in "iu" or stored.ndim > 2:
        return None
    value = as_sample(dataset.PixelPaddingValue, stored.dtype)
    limit = as_sample(dataset.get("PixelPaddingRangeLimit", value), stored.dtype)
    outside = (stored >= min(value, limit)) & (stored <= max(value, limit))
    if value != limit and outside.any():
        spread = float(stored.max()) - float(stored.min())
        if stored[outside].std() > _MOST_SPREAD_OF_PADDING * spread:
            outside = stored == value
    return None if outside.all() or not outside.any() else outside


def contradicts_itself(dataset: Dataset) -> bool:
    """Return whether the two attributes that say which end is white say different things."""
    # Digital X-rays carry both for one and the same inversion (DICOM PS3.3, C.8.11.3).
    expected = {"MONOCHROME1": "INVERSE", "MONOCHROME2": "IDENTITY"}
    shape = dataset.get("PresentationLUTShape")
    return shape is not None and shape != expected.get(
        dataset.get("PhotometricInterpretation"), shape
    )


def _is_inverse(dataset: Dataset) -> bool:
    white_is_low = dataset.get("PhotometricInterpretation") == "MONOCHROME1"
    return white_is_low or dataset.get("PresentationLUTShape") == "INVERSE"


def as_sample(value: float, dtype: np.dtype) -> int:
    """Return a value as a sample has it: files mix up -1 and 65535."""
    unsigned = np.dtype(f"u{dtype.itemsize}")
    wrapped = int(value) & int(np.iinfo(unsigned).max)
    return int(np.array(wrapped, unsigned).view(dtype))


def _rescaled(dataset: Dataset, stored: np.ndarray) -> np.ndarray:
    if dataset.get("ModalityLUTSequence"):
        try:
            return _table(dataset.ModalityLUTSequence[0], dataset).look_up(stored)
        except MemoryError:
            raise
        except Exception:
            raise _unreadable("ModalityLUTSequence") from None
    slope, intercept = (_number(dataset, name) for name in ("RescaleSlope", "RescaleIntercept"))
    if slope in (None, 0, 1) and not intercept:
        return stored
    # A slope of 0 would leave nothing of the film.
    return stored.astype(np.float64) * (slope or 1) + (intercept or 0)


def _number(dataset: Dataset, keyword: str) -> float | None:
    try:
        value = dataset.get(keyword)
        number = None if value is None else float(value)
    except (TypeError, ValueError):
        raise _unreadable(keyword) from None
    if number is not None and not math.isfinite(number):
        raise _unreadable(keyword)
    return number


def _unreadable(keyword: str) -> RadiographError:
    return RadiographError(
        f"Expected a DICOM image with a {keyword} that can be read. This one's cannot: the grey "
        "values stay unknown. Export the film again, or as PNG."
    )


def _table(item: Dataset, dataset: Dataset) -> Table:
    return read_table(item, little_endian=dataset.original_encoding[1] is not False)


def _given_window(dataset: Dataset, stored: np.ndarray) -> np.ndarray | None:
    """Return the film in [0, 255] through its own VOI LUT or window; None without a usable one."""
    for show in (*_tables(dataset), *_windows(dataset)):
        try:
            spread = by_level(stored, _rescaled_and(show, dataset))
        except (RadiographError, MemoryError):
            raise
        except Exception:
            # A file of many windows may have a broken one among them.
            continue
        if _is_usable(spread):
            return spread
    return None


def _rescaled_and(show: Show, dataset: Dataset) -> Show:
    def shown(values: np.ndarray) -> np.ndarray:
        return np.clip(show(_rescaled(dataset, values)), 0, 255).astype(np.float32)

    return shown


def _tables(dataset: Dataset) -> list[Show]:
    def shown_by(item: Dataset) -> Show:
        def show(values: np.ndarray) -> np.ndarray:
            table = _table(item, dataset)
            return table.look_up(values) * (255 / (2**table.bits - 1))

        return show

    return [shown_by(item) for item in dataset.get("VOILUTSequence") or ()]


def _windows(dataset: Dataset) -> list[Show]:
    def shown_by(index: int) -> Show:
        def show(values: np.ndarray) -> np.ndarray:
            # The two extremes at the end tell the range that pydicom spreads the window over.
            extremes = [-1e12, 1e12]
            given = np.append(values.astype(np.float64), extremes)
            flat = apply_windowing(given, dataset, index)
            *_, black, white = flat
            return (flat[:-2].reshape(values.shape) - black) * (255 / (white - black))

        return show

    if "WindowCenter" not in dataset or "WindowWidth" not in dataset:
        return []
    return [shown_by(index) for index in range(max(1, dataset["WindowCenter"].VM))]


def _is_usable(spread: np.ndarray) -> bool:
    # Lettering alone does not make a window that misses the film usable.
    beyond = np.mean((spread <= 0) | (spread >= 255))
    if not np.isfinite(spread).all() or beyond > _MOST_BEYOND_WINDOW:
        return False
    low, high = np.percentile(spread, [0.5, 99.5])
    return high - low >= _LEAST_SPREAD
