"""Stored values -> grey values: the window of deep films, and colour that is grey."""

from collections.abc import Callable, Iterable

import numpy as np

LOWEST_PERCENTILE, HIGHEST_PERCENTILE = 0.5, 99.5
BORDER_SHARE = 0.1
"""Share of a film at its darkest or brightest from which that is a border, not the film."""
_MOST_IN_COLOUR = 0.01
"""Share of a film in colour that is passed over: a marker, a ruler."""
_COLOURED = 24
"""Grey values, of 255, by which a channel is off the tint of the film, to be a colour."""
_TINTS, _LOOKED_AT = 16, 500
_MOST_HALF_TRANSPARENT, _MOST_HOLES, _DARK = 0.1, 0.001, 0.1
_MOST_LEVELS = 2**16
_AT_ONCE = 2**20
_MOST_TINT = 60
"""Grey values, of 255, by which the channels of a tinted film differ in the mean at most. Films of
60 patients have 25 on a blue base, and 40 where they have yellowed strongly; taken for the wrong
kind of colours, grey ones have 60 and more."""
ADVICE = (
    "The networks take them for bone: export the film again without them.",
    "Its grey values are not those of the film: export it again without transparency.",
    "Its grey values may not be those of the film: export it again in grey.",
)
"""What a note of a picture in colour, or of a transparent one, ends with."""
_TINTED = (
    "The whole picture is strongly tinted, as where colours are of another kind than the file "
    f"says. {ADVICE[2]}"
)


def window(values: np.ndarray, *, ignore: np.ndarray | None = None) -> np.ndarray:
    """Return ``(H, W) float32 in [0, 255]``: the rule for films deeper than 8 bits.

    The 0.5th percentile becomes black, the 99.5th white, linear between. A border does not count:
    where more than a tenth of the film lies at its darkest (within 1% of the range between the two
    percentiles), or at its brightest, the percentiles are those of the rest. Where they coincide,
    the smallest and largest value are used instead. `ignore` marks pixels outside the film,
    ``(H, W) bool``: they do not count and come out black, as do values that are not finite.
    """
    values = np.asarray(values)
    outside = None if ignore is None or ignore.all() else ignore
    if values.dtype.kind not in "iu":
        values = values.astype(np.float64)
        finite = np.isfinite(values)
        outside = ~finite if outside is None else outside | ~finite
    inside = values if outside is None else values[~outside]
    if not inside.size:
        return np.zeros(values.shape, np.float32)
    # Files may hold floating-point numbers whose differences overflow.
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = _ends(inside)
        if not 0 < high - low < np.inf:
            return np.zeros(values.shape, np.float32)
        shown = by_level(
            values,
            lambda some: np.clip((some - low) / (high - low) * 255, 0, 255).astype(np.float32),
        )
    if outside is not None:
        shown[outside] = 0
    return shown


def by_level(values: np.ndarray, show: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return ``show(values)``, where `show` makes something of each value by itself.

    A film of millions of pixels has some thousand values: `show` sees each of them once, in order,
    which takes a fraction of the time and of the memory. What is no integer it sees as it is.
    """
    if values.dtype.kind not in "iu" or not values.size:
        return show(values)
    low, high = int(values.min()), int(values.max())
    if high - low >= min(_MOST_LEVELS, values.size):
        return show(values)
    parts = rows_at_once(values)
    is_there = np.zeros(high - low + 1, bool)
    for rows in parts:
        is_there[values[rows].astype(np.intp) - low] = True
    there = show(np.flatnonzero(is_there) + low)
    table = np.zeros(is_there.shape, there.dtype)
    table[is_there] = there
    shown = np.empty(values.shape, table.dtype)
    for rows in parts:
        shown[rows] = table[values[rows].astype(np.intp) - low]
    return shown


def rows_at_once(values: np.ndarray) -> list[slice]:
    """Return parts of the rows of an array, small enough to be copied beside a film of any size."""
    step = max(1, _AT_ONCE * len(values) // max(1, values.size))
    return [slice(first, first + step) for first in range(0, len(values), step)]


def _ends(values: np.ndarray) -> tuple[float, float]:
    """Return the values that become black and white, from numbers of any shape."""
    low, high = np.percentile(values, [LOWEST_PERCENTILE, HIGHEST_PERCENTILE])
    for is_dark in (True, False):
        margin = (high - low) / 100
        border = values <= low + margin if is_dark else values >= high - margin
        if BORDER_SHARE < border.mean() < 1:
            values = values[~border]
            low, high = np.percentile(values, [LOWEST_PERCENTILE, HIGHEST_PERCENTILE])
    return (low, high) if low < high else (float(values.min()), float(values.max()))


def to_grey(colour: np.ndarray) -> np.ndarray:
    """Return ``(H, W) float32`` from ``(H, W, 3)``; grey stored as colour stays exactly as is."""
    first = colour[..., 0]
    if (colour == first[..., None]).all():
        return first.astype(np.float32)
    # Luma of ITU-R BT.601.
    return (colour @ np.array([0.299, 0.587, 0.114])).astype(np.float32)


def colour_notes(colour: np.ndarray, white: float = 255) -> tuple[str, ...]:
    """Return a sentence where a picture ``(H, W, 3)`` has parts in colour; mostly none.

    An even tint, as of a film's blue base, is no colour: each brightness may have one of its own.
    """
    step = max(1, max(colour.shape) // _LOOKED_AT)
    some = colour[::step, ::step].reshape(-1, 3).astype(np.float32) * np.float32(255 / white)
    brightness = some.mean(axis=1, keepdims=True)
    tints = (brightness[:, 0] * (_TINTS / 256)).astype(int)
    off = some - brightness
    for tint in np.unique(tints):
        off[tints == tint] -= np.median(off[tints == tint], axis=0)
    share = float((np.abs(off).max(axis=1) > _COLOURED).mean())
    if share <= _MOST_IN_COLOUR:
        return (_TINTED,) if np.ptp(some, axis=1).mean() > _MOST_TINT else ()
    return (
        f"{share:.0%} of the picture is in colour, which no X-ray film is: markings, a heat map or "
        f"a photograph. {ADVICE[0]}",
    )


def transparency_notes(alpha: np.ndarray, grey: np.ndarray, white: float = 255) -> tuple[str, ...]:
    """Return that more than edges are transparent, ``(H, W) uint8``: mostly nothing.

    `grey` is what is seen of the picture, ``(H, W)``, without its transparency: what is black
    anyway is passed over.
    """
    notes = []
    share = float(((alpha > 0) & (alpha < 255)).mean())
    if share > _MOST_HALF_TRANSPARENT:
        notes.append(
            f"{share:.0%} of the picture is half transparent and is shown on black. {ADVICE[1]}"
        )
    share = _holes((alpha == 0) & (grey > white * _DARK))
    if share > _MOST_HOLES:
        notes.append(
            f"{share:.1%} of the picture is transparent within the film and is shown on black. "
            f"{ADVICE[1]}"
        )
    return tuple(notes)


def _holes(clear: np.ndarray) -> float:
    """Return the share of a picture that is `clear`, ``(H, W) bool``, and not beside its edge."""
    if not clear.any():
        return 0
    from scipy.ndimage import label

    step = max(1, max(clear.shape) // _LOOKED_AT)
    places, _ = label(clear[::step, ::step])
    edges = (places[0], places[-1], places[:, 0], places[:, -1])
    # Place 0 is what is not clear.
    return float(np.isin(places, [0, *np.concatenate(edges)], invert=True).mean())


def without_advice(notes: Iterable[str]) -> tuple[str, ...]:
    """Return notes on a picture as they are said of one that is no film: what it is, no more."""
    kept = []
    for note in notes:
        for advice in ADVICE:
            note = note.removesuffix(f" {advice}")
        kept.append(note)
    return tuple(kept)
