"""Fine detail of a batch of films, on the device: less or more of it, or lost as in a JPEG file."""

import keras
import numpy as np
from keras import ops

LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    np.float32,
)
"""Steps of the cosine coefficients at quality 50 (ITU-T T.81, table K.1)."""

BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
"""Shares of a pixel and its neighbours along one side, in `softened`."""


def compressed(films: keras.KerasTensor, quantisation: keras.KerasTensor) -> keras.KerasTensor:
    """Return the films ``(N, side, side)`` as a JPEG file would give them back.

    `quantisation` ``(N, 1, 1)`` multiplies `LUMINANCE`; where it is 0, the film stays. The side is
    a multiple of 8 pixels. A file also rounds to whole grey values, which is left out here.
    """
    side = films.shape[-1]
    basis = ops.convert_to_tensor(cosines())
    blocks = ops.reshape(films - 128, (-1, side // 8, 8, side // 8, 8))
    coefficients = ops.einsum("ui,nricj,vj->nrucv", basis, blocks, basis)
    steps = ops.convert_to_tensor(LUMINANCE[:, None, :])
    step = ops.reshape(quantisation, (-1, 1, 1, 1, 1)) * steps
    step = ops.clip(step, 1, 255)
    coefficients = ops.round(coefficients / step) * step
    back = ops.einsum("ui,nrucv,vj->nricj", basis, coefficients, basis)
    return ops.where(quantisation > 0, ops.reshape(back, (-1, side, side)) + 128, films)


def softened(films: keras.KerasTensor) -> keras.KerasTensor:
    """Return the films ``(N, side, side)`` after a binomial of 5 x 5 pixels, the edge mirrored."""
    side = films.shape[-1]
    padded = ops.pad(films, ((0, 0), (2, 2), (2, 2)), mode="reflect")
    rows = sum(share * padded[:, i : i + side] for i, share in enumerate(BINOMIAL))
    return sum(share * rows[:, :, i : i + side] for i, share in enumerate(BINOMIAL))


def wide_blur(side: int) -> np.ndarray:
    """Return ``(side, side) float32``: a row blurs one place of a film over an eighth of its side.

    A Gaussian whose standard deviation that is, cut off and made to sum to 1 at the film's edges.
    """
    place = np.arange(side)
    rows = np.exp(-(((place[:, None] - place) / (side / 8)) ** 2) / 2)
    return (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)


def cosines() -> np.ndarray:
    """Return the orthonormal discrete cosine transform of 8 values, ``(8, 8) float32``."""
    frequency, place = np.meshgrid(np.arange(8), np.arange(8), indexing="ij")
    basis = np.cos(np.pi * (2 * place + 1) * frequency / 16) / 2
    basis[0] /= np.sqrt(2)
    return basis.astype(np.float32)
