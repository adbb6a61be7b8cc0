"""Which films show one knee, or a patient's two: they must not be on both sides of a fold.

Archives hold films twice, windowed otherwise, shifted or mirrored, and often nothing says so; such
a pair, divided between folds, lets a network know the answer. Fine detail tells: two films are
alike where their high-pass filtered, locally levelled pictures correlate by more than `ALIKE` at
some shift, one of them mirrored or not. Among 300 films of the Osteoarthritis Initiative no two of
different patients reached 0.66, and patients' two knees up to 0.82; a mirrored and re-windowed copy
reaches 1.00. Drawn knees have no detail of their own, and tell nothing: where more than a third of
all films would be one knee, each film is left by itself, and how many these are is told.
"""

import numpy as np
from scipy import fft, ndimage, sparse

ALIKE = 0.70
"""Correlation in [-1, 1]."""

_SIDE = 112
_MARGIN = 10
"""Largest shift that is tried, in pixels of `_SIDE`."""
_INSIDE = _SIDE - 2 * _MARGIN
_WORTH_A_LOOK = 0.6
"""Cosine of two films' features, centred: alike films were above it, most others are below."""


def groups(images: np.ndarray, features: np.ndarray) -> tuple[np.ndarray, int]:
    """Return which films belong together, ``(N,) int``: alike films have the same number.

    The second is how many are alike, but too many to be one knee: then all have their own numbers.

    Parameters
    ----------
    images : (N, 224, 224) float32
    features : (2, N, C) pooled, of the films and of their mirror images; they only say which pairs
        are worth a look
    """
    count = len(images)
    pairs = _worth_a_look(np.asarray(features, np.float64))
    detail = _detail(images)
    views = [_prepared(detail), _prepared(detail[:, :, ::-1])]
    middles = views[0][1]
    edges = []
    for first in np.unique(pairs[:, 0]):
        mine = pairs[pairs[:, 0] == first]
        for flipped, (wholes, _, spreads) in enumerate(views):
            second = mine[mine[:, 2] == flipped, 1]
            if len(second):
                correlation = _correlation(middles[first], wholes[second], spreads[second])
                edges += [(first, other) for other in second[correlation > ALIKE]]
    rows, columns = np.array(edges, int).reshape(-1, 2).T
    graph = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(count, count))
    labels = sparse.csgraph.connected_components(graph, directed=False)[1]
    most = int(np.bincount(labels).max())
    return (labels, 0) if most <= count / 3 else (np.arange(count), most)


def merged(patient_ids: tuple[str, ...], group: np.ndarray) -> tuple[str, ...]:
    """Return patients so that alike films have one, and a patient's films stay together."""
    _, owner = np.unique(np.asarray(patient_ids), return_inverse=True)
    # A graph of films, then patients, then groups: who is joined by any way is one patient.
    count = len(group)
    films = np.tile(np.arange(count), 2)
    others = np.concatenate([count + owner, 2 * count + group])
    graph = sparse.coo_array((np.ones(2 * count), (films, others)), shape=(3 * count, 3 * count))
    label = sparse.csgraph.connected_components(graph, directed=False)[1][:count]
    first = {number: patient_ids[place] for place, number in reversed(list(enumerate(label)))}
    return tuple(first[number] for number in label)


def _worth_a_look(features: np.ndarray) -> np.ndarray:
    """Return rows of first film, second film, and whether the second is mirrored."""
    both = features - features.mean(axis=(0, 1))
    both /= np.maximum(np.linalg.norm(both, axis=-1, keepdims=True), 1e-12)
    pairs = []
    for flipped in (0, 1):
        close = np.triu(both[0] @ both[flipped].T > _WORTH_A_LOOK, k=1)
        first, second = np.nonzero(close)
        pairs.append(np.stack([first, second, np.full(len(first), flipped)], axis=1))
    return np.concatenate(pairs)


def _detail(images: np.ndarray) -> np.ndarray:
    """Return what is finer than a bone, levelled so that windowing does not count."""
    step = images.shape[1] // _SIDE
    small = images.reshape(len(images), _SIDE, step, _SIDE, step).mean(axis=(2, 4))
    fine = small - ndimage.gaussian_filter(small, (0, 3, 3))
    fine /= np.sqrt(ndimage.gaussian_filter(fine**2, (0, 10, 10))) + 1
    return ndimage.gaussian_filter(fine, (0, 0.7, 0.7))


def _prepared(detail: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return spectra of the whole films, of their middles, and the spread under each shift."""
    middle = detail[:, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    middle = middle - middle.mean(axis=(1, 2), keepdims=True)
    middle = middle / np.maximum(np.linalg.norm(middle, axis=(1, 2), keepdims=True), 1e-6)
    size = (_SIDE, _SIDE)
    sums, squares = _under_shifts(detail), _under_shifts(detail**2)
    spread = np.sqrt(np.maximum(squares - sums**2 / _INSIDE**2, 1e-6))
    return fft.rfft2(detail), fft.rfft2(middle, size).conj(), spread


def _under_shifts(values: np.ndarray) -> np.ndarray:
    total = np.pad(
        values.astype(np.float64).cumsum(axis=1).cumsum(axis=2), ((0, 0), (1, 0), (1, 0))
    )
    near, far = slice(0, 2 * _MARGIN + 1), slice(_INSIDE, _INSIDE + 2 * _MARGIN + 1)
    return total[:, far, far] - total[:, near, far] - total[:, far, near] + total[:, near, near]


def _correlation(middle: np.ndarray, wholes: np.ndarray, spreads: np.ndarray) -> np.ndarray:
    """Return the largest correlation over shifts with each of the films ``wholes``."""
    places = fft.irfft2(middle * wholes, (_SIDE, _SIDE))
    shifts = slice(0, 2 * _MARGIN + 1)
    return (places[:, shifts, shifts] / spreads).max(axis=(1, 2))
