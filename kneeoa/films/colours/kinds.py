"""Which kind of colours samples are, red, green and blue or luma and two of colour: told by a film.

Files say the wrong kind. A film has hardly any colour and has much in the wrong kind, or, tinted,
two samples that hardly change beside a third that holds the film: so it tells which is right.
"""

import numpy as np

_FROM_LUMA = np.array([[0, 1.402], [-0.344136, -0.714136], [1.772, 0]], np.float32)
"""What the two colours add to red, green and blue (ITU-R BT.601, as JPEG has it)."""
_LITTLE_COLOUR, _CLEARLY_MORE = 40, 2
"""Grey values, of 255, by which channels differ in the mean in a film; and how many times as many
say that the header names the wrong kind of colours. Of 60 validation films, in grey and two tints,
none was taken for the other kind; grey ones have 0, 15 and more in the wrong kind, and pictures
full of colour 149 and more in either."""
_HARDLY_CHANGES = 0.35
"""Standard deviation of a sample of colour over that of luma in a tinted film: 0.1, and that of
blue over red 0.6 in a yellowed one."""
_LOOKED_AT = 500


def in_rgb(colour: np.ndarray, *, says_luma: bool) -> np.ndarray:
    """Return unsigned samples ``(H, W, 3)`` in red, green and blue.

    `says_luma` is what their file says of them, and is believed where the film does not tell.
    """
    bits = bits_of(colour)
    some = some_of(colour)
    converted = from_luma(some, bits)
    as_said, other = (converted, some) if says_luma else (some, converted)
    least = _colour_in(other, bits)
    is_belied = least < _LITTLE_COLOUR and (
        _colour_in(as_said, bits) > _CLEARLY_MORE * least
        or (not says_luma and is_luma_by_change(some))
    )
    return from_luma(colour, bits) if says_luma != is_belied else colour


def is_colourful(colour: np.ndarray) -> bool:
    """Return whether colours ``(H, W, 3)`` differ so much that they may be of the wrong kind."""
    return _colour_in(some_of(colour), bits_of(colour)) > _LITTLE_COLOUR / _CLEARLY_MORE


def bits_of(colour: np.ndarray) -> int:
    """Return how many bits colours use, 8 at least: what is no colour in luma has the highest."""
    return max(8, int(colour.max()).bit_length())


def from_luma(colour: np.ndarray, bits: int = 8) -> np.ndarray:
    """Return luma and colours ``(H, W, 3)`` of so many `bits` in red, green and blue."""
    white, none = (1 << bits) - 1, np.float32(1 << (bits - 1))
    luma, *others = (colour[..., place].astype(np.float32) for place in range(3))
    converted = np.empty_like(colour)
    # A channel at a time, for a film may be large.
    for channel, shares in enumerate(_FROM_LUMA):
        values = luma.copy()
        for share, other in zip(shares, others, strict=True):
            values += share * (other - none)
        converted[..., channel] = np.rint(values).clip(0, white)
    return converted


def is_luma_by_change(colour: np.ndarray) -> bool:
    """Return whether the second and third samples ``(H, W, 3)`` hardly change beside the first."""
    first, *others = some_of(colour).reshape(-1, 3).std(axis=0, dtype=np.float64)
    return bool(first > 0 and max(others) < _HARDLY_CHANGES * first)


def _colour_in(colour: np.ndarray, bits: int) -> float:
    """Return by how much the channels ``(H, W, 3)`` differ, in the mean, of 255."""
    return float(np.ptp(colour, axis=-1).mean()) * 255 / ((1 << bits) - 1)


def some_of(colour: np.ndarray) -> np.ndarray:
    """Return as many samples ``(H, W, 3)`` as tell of what kind all are."""
    step = max(1, max(colour.shape) // _LOOKED_AT)
    return colour[::step, ::step]
